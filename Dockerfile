FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app
COPY system-packages.txt ./
# The browser and the database server are for tests and for the embedded stack; this image runs neither.
RUN apt-get update \
    && grep -vE '^(#|$|chromium|postgresql|python3-venv)' system-packages.txt \
       | xargs apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md ./
COPY activities activities
COPY api api
COPY schemas schemas
COPY ticketos ticketos
COPY workers workers
COPY workflows workflows
RUN pip install --no-deps --no-build-isolation . \
    && useradd --create-home --uid 10001 ticketos \
    && install -d -o ticketos -g ticketos -m 0700 /home/ticketos/data

USER ticketos
ENV TICKETOS_HOME=/home/ticketos/data OMP_THREAD_LIMIT=1
VOLUME /home/ticketos/data
ENTRYPOINT ["ticketos"]
CMD ["--help"]
