FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels .

FROM python:3.12-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels hitl-desk \
    && useradd --create-home --uid 10001 hitl \
    && install --directory --owner hitl /data
# hitl.yml is read from here and, with SQLite, hitl.db is kept here.
WORKDIR /data
VOLUME /data
USER hitl
ENV PYTHONUNBUFFERED=1 HITL_LOG=json
# 8765: agents, on loopback unless HITL_API_HOST says otherwise. 3000: Slack, when it is not in Socket Mode.
EXPOSE 8765 3000
# Liveness only: a bot that waits for Slack or the database must not be killed for it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('HITL_API_PORT', '8765')}/healthz\", timeout=2)"]
ENTRYPOINT ["hitl"]
CMD ["serve"]
