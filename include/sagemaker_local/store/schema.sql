-- Everything the local SageMaker remembers about SageMaker. Running it again changes nothing.
--
-- Names compare without regard to case, because an ARN carries the name in lower case and so "Fraud" and "fraud" would
-- be one resource; the spelling that the resource was created with is kept.
-- Times are seconds since the epoch. Columns that end in _json hold one JSON value each.

CREATE TABLE IF NOT EXISTS model_package_groups (
    region        TEXT NOT NULL,
    name          TEXT NOT NULL COLLATE NOCASE,
    arn           TEXT NOT NULL UNIQUE,
    created_at_s  REAL NOT NULL,
    accepted_json TEXT NOT NULL CHECK (json_valid(accepted_json)),
    last_version  INTEGER NOT NULL DEFAULT 0 CHECK (last_version >= 0), -- a deleted version's number is never used again
    PRIMARY KEY (region, name)
);

-- The resource policy of a group, as it was sent.
CREATE TABLE IF NOT EXISTS model_package_group_policies (
    region TEXT NOT NULL,
    name   TEXT NOT NULL COLLATE NOCASE,
    policy TEXT NOT NULL,
    PRIMARY KEY (region, name),
    FOREIGN KEY (region, name) REFERENCES model_package_groups (region, name) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS model_packages (
    region                 TEXT NOT NULL,
    arn                    TEXT NOT NULL,
    name                   TEXT NOT NULL COLLATE NOCASE,
    group_name             TEXT COLLATE NOCASE,
    version                INTEGER CHECK (version >= 1),
    containers_json        TEXT NOT NULL CHECK (json_valid(containers_json)),
    approval_status        TEXT CHECK (approval_status IN ('Approved', 'Rejected', 'PendingManualApproval')),
    approval_description   TEXT,
    customer_metadata_json TEXT NOT NULL CHECK (json_valid(customer_metadata_json)),
    client_token           TEXT,
    created_at_s           REAL NOT NULL,
    modified_at_s          REAL NOT NULL,
    accepted_json          TEXT NOT NULL CHECK (json_valid(accepted_json)),
    PRIMARY KEY (region, arn),
    UNIQUE (region, group_name, version),
    UNIQUE (region, client_token),
    FOREIGN KEY (region, group_name) REFERENCES model_package_groups (region, name),
    CHECK ((group_name IS NULL) = (version IS NULL)),
    CHECK (group_name IS NOT NULL OR approval_status IS NULL)
);

CREATE TABLE IF NOT EXISTS models (
    region          TEXT NOT NULL,
    name            TEXT NOT NULL COLLATE NOCASE,
    arn             TEXT NOT NULL UNIQUE,
    containers_json TEXT NOT NULL CHECK (json_array_length(containers_json) BETWEEN 1 AND 15),
    created_at_s    REAL NOT NULL,
    accepted_json   TEXT NOT NULL CHECK (json_valid(accepted_json)),
    PRIMARY KEY (region, name)
);

CREATE TABLE IF NOT EXISTS endpoint_configs (
    region        TEXT NOT NULL,
    name          TEXT NOT NULL COLLATE NOCASE,
    arn           TEXT NOT NULL UNIQUE,
    variants_json TEXT NOT NULL CHECK (json_array_length(variants_json) BETWEEN 1 AND 10),
    created_at_s  REAL NOT NULL,
    accepted_json TEXT NOT NULL CHECK (json_valid(accepted_json)),
    PRIMARY KEY (region, name)
);

-- live_json is what has the traffic, wanted_json what a create or update under way asked for: whole copies, because the
-- configuration and the models may be deleted while the endpoint still runs.
CREATE TABLE IF NOT EXISTS endpoints (
    region         TEXT NOT NULL,
    name           TEXT NOT NULL COLLATE NOCASE,
    arn            TEXT NOT NULL UNIQUE,
    status         TEXT NOT NULL CHECK (status IN ('OutOfService', 'Creating', 'Updating', 'SystemUpdating', 'RollingBack',
                                                   'InService', 'Deleting', 'Failed', 'UpdateRollbackFailed')),
    live_json      TEXT CHECK (live_json IS NULL OR json_valid(live_json)),
    wanted_json    TEXT CHECK (wanted_json IS NULL OR json_valid(wanted_json)),
    failure_reason TEXT,
    created_at_s   REAL NOT NULL,
    modified_at_s  REAL NOT NULL,
    PRIMARY KEY (region, name)
);

-- How an endpoint is deployed: the DeploymentConfig as it was sent last, whether the change under way keeps the running
-- instances, and how far it has come. Beside `endpoints`, because the last column changes with every step.
CREATE TABLE IF NOT EXISTS endpoint_deployments (
    region      TEXT NOT NULL,
    name        TEXT NOT NULL COLLATE NOCASE,
    config_json TEXT CHECK (config_json IS NULL OR json_valid(config_json)),
    in_place    INTEGER NOT NULL CHECK (in_place IN (0, 1)),
    stage_json  TEXT CHECK (stage_json IS NULL OR json_valid(stage_json)),
    PRIMARY KEY (region, name),
    FOREIGN KEY (region, name) REFERENCES endpoints (region, name) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS recommendation_jobs (
    region                     TEXT NOT NULL,
    name                       TEXT NOT NULL COLLATE NOCASE,
    arn                        TEXT NOT NULL UNIQUE,
    status                     TEXT NOT NULL CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED',
                                                               'STOPPING', 'STOPPED')),
    failure_reason             TEXT,
    created_at_s               REAL NOT NULL,
    modified_at_s              REAL NOT NULL,
    completed_at_s             REAL,
    accepted_json              TEXT NOT NULL CHECK (json_valid(accepted_json)),
    recommendations_json       TEXT NOT NULL, -- metrics may be NaN, which is JSON to AWS but not to json_valid
    endpoint_performances_json TEXT NOT NULL,
    PRIMARY KEY (region, name),
    CHECK ((completed_at_s IS NOT NULL) = (status IN ('COMPLETED', 'FAILED', 'STOPPED')))
);

CREATE TABLE IF NOT EXISTS recommendation_steps (
    region         TEXT NOT NULL,
    job_name       TEXT NOT NULL COLLATE NOCASE,
    position       INTEGER NOT NULL CHECK (position >= 0),
    status         TEXT NOT NULL CHECK (status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'STOPPING', 'STOPPED')),
    benchmark_json TEXT NOT NULL, -- may hold NaN, as above
    PRIMARY KEY (region, job_name, position),
    FOREIGN KEY (region, job_name) REFERENCES recommendation_jobs (region, name)
);

-- A file that an earlier version wrote gets this table when it is opened; nothing in it has to change for that.
CREATE TABLE IF NOT EXISTS transform_jobs (
    region          TEXT NOT NULL,
    name            TEXT NOT NULL COLLATE NOCASE,
    arn             TEXT NOT NULL UNIQUE,
    status          TEXT NOT NULL CHECK (status IN ('InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped')),
    containers_json TEXT NOT NULL CHECK (json_array_length(containers_json) BETWEEN 1 AND 15),
    failure_reason  TEXT,
    created_at_s    REAL NOT NULL,
    modified_at_s   REAL NOT NULL,
    started_at_s    REAL,
    ended_at_s      REAL,
    accepted_json   TEXT NOT NULL CHECK (json_valid(accepted_json)),
    PRIMARY KEY (region, name),
    CHECK ((ended_at_s IS NOT NULL) = (status IN ('Completed', 'Failed', 'Stopped')))
);

-- Application Auto Scaling. Targets and policies go with their endpoint; what was done stays, as on AWS.
CREATE TABLE IF NOT EXISTS scalable_targets (
    region         TEXT NOT NULL,
    endpoint_name  TEXT NOT NULL COLLATE NOCASE,
    variant_name   TEXT NOT NULL,
    arn            TEXT NOT NULL UNIQUE,
    min_capacity   INTEGER NOT NULL CHECK (min_capacity >= 1),
    max_capacity   INTEGER NOT NULL CHECK (max_capacity >= min_capacity),
    role_arn       TEXT NOT NULL,
    suspended_json TEXT NOT NULL CHECK (json_valid(suspended_json)),
    created_at_s   REAL NOT NULL,
    PRIMARY KEY (region, endpoint_name, variant_name),
    FOREIGN KEY (region, endpoint_name) REFERENCES endpoints (region, name) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS scaling_policies (
    region             TEXT NOT NULL,
    endpoint_name      TEXT NOT NULL COLLATE NOCASE,
    variant_name       TEXT NOT NULL,
    name               TEXT NOT NULL,
    arn                TEXT NOT NULL UNIQUE,
    type               TEXT NOT NULL CHECK (type IN ('TargetTrackingScaling', 'StepScaling')),
    configuration_json TEXT NOT NULL CHECK (json_valid(configuration_json)),
    alarm_names_json   TEXT NOT NULL CHECK (json_valid(alarm_names_json)), -- of its own alarms; a step policy has none
    created_at_s       REAL NOT NULL,
    PRIMARY KEY (region, endpoint_name, variant_name, name),
    FOREIGN KEY (region, endpoint_name, variant_name)
        REFERENCES scalable_targets (region, endpoint_name, variant_name) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS scaling_activities (
    id              TEXT NOT NULL PRIMARY KEY,
    region          TEXT NOT NULL,
    endpoint_name   TEXT NOT NULL COLLATE NOCASE,
    variant_name    TEXT NOT NULL,
    before_capacity INTEGER NOT NULL,
    after_capacity  INTEGER NOT NULL,
    cause           TEXT NOT NULL,
    cooldown_s      REAL NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('InProgress', 'Successful', 'Failed')),
    message         TEXT NOT NULL,
    started_at_s    REAL NOT NULL,
    ended_at_s      REAL,
    CHECK ((ended_at_s IS NULL) = (status = 'InProgress'))
);

-- Asynchronous invocations that were accepted and have no result yet. The endpoint may be gone.
CREATE TABLE IF NOT EXISTS async_requests (
    position      INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    region        TEXT NOT NULL,
    endpoint_name TEXT NOT NULL COLLATE NOCASE,
    request_json  TEXT NOT NULL CHECK (json_valid(request_json))
);
CREATE INDEX IF NOT EXISTS async_requests_by_endpoint ON async_requests (region, endpoint_name, position);

CREATE TABLE IF NOT EXISTS tags (
    arn   TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
);

-- For the pages of List operations and Search: in the order of creation or of change, from any place on. The primary keys
-- serve those in the order of names.
CREATE INDEX IF NOT EXISTS model_package_groups_by_creation ON model_package_groups (region, created_at_s);
CREATE INDEX IF NOT EXISTS model_packages_by_creation ON model_packages (region, created_at_s);
CREATE INDEX IF NOT EXISTS model_packages_of_group_by_creation ON model_packages (region, group_name, created_at_s);
CREATE INDEX IF NOT EXISTS model_packages_by_change ON model_packages (region, modified_at_s);
CREATE INDEX IF NOT EXISTS model_packages_by_name ON model_packages (region, name);
CREATE INDEX IF NOT EXISTS models_by_creation ON models (region, created_at_s);
CREATE INDEX IF NOT EXISTS endpoint_configs_by_creation ON endpoint_configs (region, created_at_s);
CREATE INDEX IF NOT EXISTS endpoints_by_creation ON endpoints (region, created_at_s);
CREATE INDEX IF NOT EXISTS endpoints_by_change ON endpoints (region, modified_at_s);
CREATE INDEX IF NOT EXISTS endpoints_by_status ON endpoints (region, status);
CREATE INDEX IF NOT EXISTS endpoints_of_all_regions_by_status ON endpoints (status); -- what the supervisor asks for
CREATE INDEX IF NOT EXISTS recommendation_jobs_by_creation ON recommendation_jobs (region, created_at_s);
CREATE INDEX IF NOT EXISTS transform_jobs_by_creation ON transform_jobs (region, created_at_s);
