# The two images of docker-compose.yaml: `airflow` for all of Airflow's processes, `sagemaker-local` for the local SageMaker.
# What they hold is pinned by the lock files; nothing in them runs as root, or can write what it runs from. The steps are
# those that every builder knows, with and without BuildKit; one without makes every stage above its target, so each image's
# come before the other's.
ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm

FROM ${PYTHON_IMAGE} AS base
# Code is below /opt and root's; what is written is below /var/lib/sluice. 50000 is the user of Airflow's own images:
# volumes that those have written can be taken over.
RUN groupadd --gid 50000 sluice \
    && useradd --uid 50000 --gid sluice --no-create-home --home-dir /var/lib/sluice --shell /usr/sbin/nologin sluice \
    && install --directory --owner=sluice --group=sluice \
        /var/lib/sluice /var/lib/sluice/airflow /var/lib/sluice/airflow/logs /var/lib/sluice/sagemaker
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /opt/sluice

# A stage for each set of packages. Settings of pip come as build arguments and stay in these stages: what may be a
# credential is in no layer and no history of the two images.
FROM base AS packages
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_TRUSTED_HOST
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/venv

# Bytecode is made here, on all processors, since nobody may write it later; it is not compared with its source, which
# does not change. That of packages' own tests is left out. Files that are templates and no Python are why the status does
# not count.
FROM packages AS airflow-packages
COPY requirements-docker.lock ./
RUN pip install --quiet --no-compile --requirement requirements-docker.lock \
    && { python -m compileall -qq -j 0 -x '/tests?/' --invalidation-mode unchecked-hash /opt/venv/lib || true; }

FROM base AS airflow
ENV AIRFLOW_HOME=/var/lib/sluice/airflow PYTHONPATH=/opt/sluice \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/sluice/dags AIRFLOW__CORE__PLUGINS_FOLDER=/opt/sluice/plugins
COPY --from=airflow-packages /opt/venv /opt/venv
COPY include/__init__.py include/
COPY include/compose include/compose
COPY plugins plugins
COPY dags dags
RUN python -m compileall -qq plugins include
USER sluice
CMD ["airflow", "version"]

FROM packages AS sagemaker-local-packages
COPY requirements.lock requirements-local.txt ./
RUN pip install --quiet --no-compile --constraint requirements.lock --requirement requirements-local.txt \
    && { python -m compileall -qq -j 0 -x '/tests?/' --invalidation-mode unchecked-hash /opt/venv/lib || true; }

# The environments of the sample pipeline's images, so that its endpoints need no package index (docs/local-sagemaker.md).
FROM sagemaker-local-packages AS environments
ENV XDG_CACHE_HOME=/var/cache
COPY include include
RUN python -m include.sagemaker_local prepare sagemaker-scikit-learn:1.4-2 sagemaker-xgboost:3.0-5

FROM base AS sagemaker-local
ENV PYTHONPATH=/opt/sluice:/opt/sluice/plugins XDG_CACHE_HOME=/var/cache
COPY --from=sagemaker-local-packages /opt/venv /opt/venv
# Its user may add environments of other images, which last as long as the container does.
COPY --from=environments --chown=sluice:sluice /var/cache/sluice /var/cache/sluice
COPY plugins plugins
COPY dags dags
COPY include include
RUN python -m compileall -qq plugins include
USER sluice
EXPOSE 4566
CMD ["python", "-m", "include.sagemaker_local", "serve", "--host", "0.0.0.0", "--data-dir", "/var/lib/sluice/sagemaker"]
