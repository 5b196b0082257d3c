# klayer as an image: small, not root, in the versions of constraints.txt.
#
# The base is pinned by its version. To pin it to the byte, add the digest that
# `docker buildx imagetools inspect python:3.11.15-slim-trixie` prints:
#     docker compose build --build-arg PYTHON=3.11.15-slim-trixie@sha256:...
ARG PYTHON=3.11.15-slim-trixie

FROM python:${PYTHON} AS build
# Extras of pyproject.toml; with dask or ray too, workers can run on such a cluster.
ARG EXTRAS=postgresql,dashboard
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CACHE_DIR=/var/cache/pip
WORKDIR /src
COPY constraints.txt ./
RUN --mount=type=cache,target=/var/cache/pip \
    pip install --constraint constraints.txt hatchling \
 && python -m venv --without-pip /opt/klayer
COPY pyproject.toml README.md ./
COPY model model
COPY search search
COPY studies studies
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .
# A start would take two seconds without bytecode, and nobody can write it later. By its content,
# not by times: the same sources give the same bytes.
RUN --mount=type=cache,target=/var/cache/pip \
    pip --python /opt/klayer/bin/python install --no-compile --constraint constraints.txt \
        "$(echo /wheels/klayer-*.whl)[${EXTRAS}]" \
 && /opt/klayer/bin/python -m compileall -q --invalidation-mode unchecked-hash -x /tests/ /opt/klayer/lib

FROM python:${PYTHON}
RUN groupadd --gid 10001 klayer \
 && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home \
        --home-dir /var/cache/klayer --shell /usr/sbin/nologin klayer \
 && install --directory --owner=klayer --group=klayer /var/cache/klayer /work \
 && python -m compileall -q --invalidation-mode unchecked-hash -x /site-packages/ \
        /usr/local/lib/python3.*
COPY --from=build /opt/klayer /opt/klayer
ENV PATH=/opt/klayer/bin:$PATH \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/var/cache
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["klayer"]
CMD ["--help"]
