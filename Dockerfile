# One image for the worker, the bot and the command line; docs/deploy.md says how each is started.
# tests/deploy/test_image.py replays these steps in a clean folder: keep one program for each step, and paths absolute.

# Both stages have one base, pinned; Dependabot renews version and digest together.
FROM python:3.11.16-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7 AS build
ARG UV_VERSION=0.13.9
ENV UV_NO_CACHE=1 \
    UV_COMPILE_BYTECODE=1
RUN python -m venv /opt/uv \
    && /opt/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} \
    && python -m venv --without-pip /venv
COPY requirements.lock /app/
RUN cd /app && VIRTUAL_ENV=/venv /opt/uv/bin/uv pip sync --quiet --require-hashes requirements.lock
COPY pyproject.toml README.md LICENSE dbt_project.yml profiles.yml /app/
COPY flows /app/flows
COPY bot /app/bot
COPY catalogue /app/catalogue
COPY dbt_project /app/dbt_project
# Editable: the code stays beside dbt_project/ and prefect.yaml, where flows.PROJECT_ROOT looks for them.
# Packages that only this step needs do not reach the image.
RUN cd /app && VIRTUAL_ENV=/venv /opt/uv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable . \
    && VIRTUAL_ENV=/venv /opt/uv/bin/uv pip uninstall --quiet hatchling editables trove-classifiers

FROM python:3.11.16-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7
# Hangul, for the chart that is sent as a picture.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends fonts-nanum && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 voc
COPY --from=build /venv /venv
COPY LICENSE dbt_project.yml profiles.yml prefect.yaml /app/
COPY flows /app/flows
COPY bot /app/bot
COPY catalogue /app/catalogue
COPY dbt_project /app/dbt_project
COPY deploy/register.py deploy/automations.yaml /app/deploy/
COPY deploy/image /usr/local/bin
# Last, so that a new version shares the layers above with the one before.
ARG VERSION=
LABEL org.opencontainers.image.title=voc-analyst \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=${VERSION}
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    VOC_HOME=/home/voc/data \
    VOC_BOT_HOST=0.0.0.0 \
    VOC_VERSION=${VERSION}
# The number: who starts the container can see that it is not root's.
USER 10001
# Only the owner may read the files that runs leave behind: they hold customers' words.
RUN mkdir -m 0700 /home/voc/data
WORKDIR /app
CMD ["worker"]
