# Stage 1: a virtual environment with the pinned libraries and the service, and then without the tools that filled it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/moodmarker \
    && /opt/moodmarker/bin/python -m pip install --quiet --no-cache-dir --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY service ./service
RUN /opt/moodmarker/bin/python -m pip install --quiet --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/moodmarker/bin/python -m pip uninstall --quiet --yes setuptools pip

# Stage 2: that environment alone. It needs no privilege, and to write to /tmp alone, for workers and site rules.
# What a large body took goes back to the system at once, instead of staying with the thread that read it.
FROM python:3.11-slim-bookworm
COPY --from=build /opt/moodmarker /opt/moodmarker
ENV PATH="/opt/moodmarker/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=1 \
    MALLOC_MMAP_THRESHOLD_=1048576 \
    MOODMARKER_HOST=0.0.0.0 \
    MOODMARKER_PORT=8080
# Every address but 127.0.0.1 is refused until authentication is configured, or
# MOODMARKER_ALLOW_UNAUTHENTICATED=true is given on purpose: the image does not decide that for you.
WORKDIR /srv
USER 65534:65534
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; live = http.client.HTTPConnection('127.0.0.1', int(os.environ['MOODMARKER_PORT']), timeout=2); live.request('GET', '/health/live'); sys.exit(live.getresponse().status != 200)"]
ENTRYPOINT ["moodmarker"]
CMD ["serve"]
