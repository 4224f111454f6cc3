"""Words that announce a value, in Spanish: field, strength, phrases as `labels.py` reads them."""

from __future__ import annotations

PHRASES: tuple[tuple[str, float, str], ...] = (
    (
        "invoice_number",
        0.97,
        "factura {no}|{no} (?:de )?factura|numero de factura|fra {no}|factura simplificada {no}",
    ),
    ("invoice_number", 0.75, "factura|documento {no}|{no} documento"),
    (
        "credit_number",
        0.97,
        "abono {no}|{no} (?:de )?abono|factura rectificativa {no}|nota de credito {no}|rectificativa {no}",
    ),
    ("credit_number", 0.75, "abono|factura rectificativa|nota de credito"),
    ("receipt_number", 0.95, "ticket {no}|recibo {no}|{no} (?:de )?(?:ticket|recibo)|operacion {no}"),
    (
        "po_number",
        0.96,
        "pedido {no}|{no} (?:de )?pedido|su pedido|orden de compra {no}|{no} (?:de )?orden de compra",
    ),
    ("po_number", 0.7, "pedido|su referencia|orden de compra"),
    ("grn_number", 0.97, "albaran de entrada {no}|entrada {no}|recepcion {no}|{no} (?:de )?recepcion"),
    ("list_number", 0.95, "listado {no}|{no} (?:de )?(?:lista|inventario)|inventario {no}"),
    (
        "-other",
        1.0,
        "{no} (?:de )?cliente|cliente {no}|codigo cliente|albaran {no}|telefono|tlf|movil|"
        "correo|cuenta|banco|pagina|registro mercantil|forma de pago|direccion de entrega|"
        "condiciones de pago|{no} (?:de )?albaran",
    ),
    (
        "issue_date",
        0.97,
        "fecha (?:de )?factura|fecha (?:de )?emision|fecha de expedicion|fecha del documento",
    ),
    ("issue_date", 0.85, "fecha"),
    ("order_date", 0.97, "fecha (?:de )?pedido|fecha de recepcion|fecha de inventario|a fecha de"),
    ("due_date", 0.97, "fecha (?:de )?vencimiento|vencimiento|vence el|pagar antes del|fecha limite de pago"),
    (
        "-date",
        1.0,
        "fecha (?:de )?entrega|fecha (?:de )?operacion|periodo|fecha de impresion|fecha (?:de )?albaran",
    ),
    (
        "total",
        0.96,
        "total factura|importe total|total a pagar|total con iva|total iva incluido|total general|"
        "total eur|total abono|total pedido",
    ),
    ("total", 0.75, "total"),
    (
        "amount_due",
        0.95,
        "importe a pagar|pendiente de pago|saldo pendiente|a pagar|importe pendiente|liquido",
    ),
    (
        "net_total",
        0.96,
        "base imponible|subtotal|total sin iva|importe neto|total neto|suma|total bruto|total base imponible",
    ),
    ("tax_total", 0.96, "total iva|importe iva|cuota iva|cuota|total impuestos"),
    ("tax_part", 0.9, "iva|i v a|igic|recargo de equivalencia"),
    ("cash", 0.9, "efectivo|entregado|tarjeta|pagado"),
    ("change", 0.9, "cambio|devolucion|vuelto"),
    (
        "-amount",
        1.0,
        "saldo anterior|pendiente anterior|descuento|dto|portes|irpf|retencion|anticipo|redondeo|precio unitario",
    ),
    ("supplier", 0.95, "proveedor|vendedor|emisor|datos del proveedor|expedidor"),
    (
        "buyer",
        0.95,
        "cliente|facturar a|datos del cliente|comprador|destinatario|datos de facturacion|facturado a",
    ),
    ("tax_id", 0.95, "nif|n i f|cif|c i f|nif/cif|cif/nif|nif iva"),
    ("buyer_tax_id", 0.97, "nif (?:del )?cliente|cif (?:del )?cliente"),
    ("currency", 0.97, "moneda|divisa"),
    ("receipt_number", 0.9, "{no} ticket|{no} factura simplificada"),
)
