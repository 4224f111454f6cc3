#!/bin/sh
# Retention and search attributes of the default namespace; repeating it changes nothing.
set -eu
tries=0
until temporal operator namespace update --namespace default --retention 30d; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || exit 1
  sleep 2
done
known=$(temporal operator search-attribute list --namespace default)
for pair in TicketClient:Keyword TicketLine:Keyword TicketStage:Keyword TicketPriority:Int \
  TicketSla:Keyword TicketAssigned:Keyword; do
  name=${pair%%:*}
  case $known in
    *"$name"*) ;;
    *) temporal operator search-attribute create --namespace default --name "$name" --type "${pair##*:}" ;;
  esac
done
