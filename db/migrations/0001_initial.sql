-- The whole first schema. Ids are UUIDs (version 7) made by the programs; TEXT ids only where a column
-- points at different kinds of things. The word lists of the CHECKs are repeated in db/constants.ts and
-- compared by a test. Rows that others point at are marked deleted, never removed.

CREATE TABLE teams (
  id UUID PRIMARY KEY,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
  -- Immutable, and unique for ever: a deleted team keeps it.
  slug TEXT NOT NULL UNIQUE CHECK (slug ~ '^[0-9a-f]{6}-[0-9a-f]{6}$'),
  is_byoc BOOLEAN NOT NULL DEFAULT false,
  -- Overrides of the instance's limits; an absent key means the instance's value.
  limits JSONB NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(limits) = 'object'),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  deleted_at TIMESTAMPTZ
);

CREATE TABLE users (
  id UUID PRIMARY KEY,
  email TEXT NOT NULL UNIQUE CHECK (email = lower(email)),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- An argon2id PHC string; null when the account signs in by other means only.
  password_hash TEXT,
  is_admin BOOLEAN NOT NULL DEFAULT false,
  disabled_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
-- Prefix lookup of addresses.
CREATE INDEX users_email_prefix ON users (email text_pattern_ops) WHERE disabled_at IS NULL;
CREATE INDEX users_admins ON users (id) WHERE is_admin AND disabled_at IS NULL;

CREATE TABLE memberships (
  team_id UUID NOT NULL REFERENCES teams (id),
  user_id UUID NOT NULL REFERENCES users (id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
  is_default BOOLEAN NOT NULL DEFAULT false,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (team_id, user_id)
);
CREATE UNIQUE INDEX memberships_one_owner ON memberships (team_id) WHERE role = 'owner';
CREATE UNIQUE INDEX memberships_one_default ON memberships (user_id) WHERE is_default;
CREATE INDEX memberships_of_user ON memberships (user_id, created_at);

-- One row per refresh token; a family is one sign-in and all rotations of its token.
CREATE TABLE sessions (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  family_id UUID NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  rotated_at TIMESTAMPTZ,
  revoked_at TIMESTAMPTZ,
  user_agent TEXT CHECK (length(user_agent) <= 512),
  last_seen_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sessions_one_live ON sessions (family_id) WHERE rotated_at IS NULL AND revoked_at IS NULL;
CREATE INDEX sessions_of_family ON sessions (family_id);
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE one_time_links (
  id UUID PRIMARY KEY,
  user_id UUID NOT NULL REFERENCES users (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('set_password')),
  token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX one_time_links_of_user ON one_time_links (user_id) WHERE used_at IS NULL;

CREATE TABLE api_keys (
  id UUID PRIMARY KEY,
  team_id UUID NOT NULL REFERENCES teams (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  key_hash BYTEA NOT NULL UNIQUE CHECK (length(key_hash) = 32),
  key_prefix TEXT NOT NULL CHECK (length(key_prefix) <= 16),
  scopes TEXT[] NOT NULL
    CHECK (scopes <@ ARRAY['read', 'sandboxes', 'templates'] AND cardinality(scopes) > 0),
  created_by UUID NOT NULL REFERENCES users (id),
  last_used_at TIMESTAMPTZ,
  expires_at TIMESTAMPTZ,
  revoked_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX api_keys_of_team ON api_keys (team_id, id DESC) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_of_creator ON api_keys (created_by) WHERE revoked_at IS NULL;

CREATE TABLE oauth_identities (
  provider TEXT NOT NULL,
  provider_user_id TEXT NOT NULL,
  user_id UUID NOT NULL REFERENCES users (id),
  email TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, provider_user_id)
);
CREATE INDEX oauth_identities_of_user ON oauth_identities (user_id);

CREATE TABLE hosts (
  id UUID PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('regular', 'byoc')),
  team_id UUID REFERENCES teams (id),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  provider TEXT,
  availability_zone TEXT,
  -- What the machine told at registration; null until then.
  arch TEXT,
  cpu_cores INTEGER CHECK (cpu_cores > 0),
  memory_mb INTEGER CHECK (memory_mb > 0),
  disk_gb INTEGER CHECK (disk_gb >= 0),
  free_memory_mb INTEGER CHECK (free_memory_mb >= 0),
  free_disk_mb INTEGER CHECK (free_disk_mb >= 0),
  address TEXT,
  tls_cert TEXT,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'online', 'unreachable')),
  status_reason TEXT NOT NULL DEFAULT '',
  -- The server's own last attempt to dial it worked.
  reachable BOOLEAN NOT NULL DEFAULT false,
  draining BOOLEAN NOT NULL DEFAULT false,
  last_heartbeat_at TIMESTAMPTZ,
  agent_version TEXT,
  accelerator TEXT CHECK (accelerator IN ('kvm', 'emulated')),
  runtime_id TEXT,
  metadata JSONB NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
  created_by UUID REFERENCES users (id),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  deleted_at TIMESTAMPTZ,
  CHECK ((type = 'byoc') = (team_id IS NOT NULL))
);
CREATE INDEX hosts_live ON hosts (status, last_heartbeat_at) WHERE deleted_at IS NULL;
CREATE INDEX hosts_of_team ON hosts (team_id) WHERE deleted_at IS NULL AND team_id IS NOT NULL;

CREATE TABLE host_registration_tokens (
  id UUID PRIMARY KEY,
  host_id UUID NOT NULL REFERENCES hosts (id),
  token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ,
  created_by UUID REFERENCES users (id),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX host_registration_tokens_of_host ON host_registration_tokens (host_id) WHERE used_at IS NULL;

CREATE TABLE host_refresh_tokens (
  id UUID PRIMARY KEY,
  host_id UUID NOT NULL REFERENCES hosts (id),
  family_id UUID NOT NULL,
  token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  expires_at TIMESTAMPTZ NOT NULL,
  revoked_at TIMESTAMPTZ,
  -- The successor's row is written before this one is revoked.
  replaced_by UUID REFERENCES host_refresh_tokens (id),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX host_refresh_tokens_of_host ON host_refresh_tokens (host_id);
CREATE INDEX host_refresh_tokens_of_family ON host_refresh_tokens (family_id);

CREATE TABLE templates (
  id UUID PRIMARY KEY,
  team_id UUID NOT NULL REFERENCES teams (id),
  name TEXT NOT NULL CHECK (name ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$'),
  type TEXT NOT NULL CHECK (type IN ('base', 'snapshot')),
  vcpus INTEGER NOT NULL CHECK (vcpus BETWEEN 1 AND 64),
  memory_mb INTEGER NOT NULL CHECK (memory_mb >= 128),
  disk_size_mb INTEGER NOT NULL CHECK (disk_size_mb > 0),
  size_bytes BIGINT CHECK (size_bytes >= 0),
  runtime_id TEXT,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  deleted_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX templates_live_name ON templates (team_id, name) WHERE deleted_at IS NULL;

CREATE TABLE host_templates (
  host_id UUID NOT NULL REFERENCES hosts (id),
  template_id UUID NOT NULL REFERENCES templates (id),
  state TEXT NOT NULL CHECK (state IN ('building', 'copying', 'present', 'deleting')),
  progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (host_id, template_id)
);
CREATE INDEX host_templates_of_template ON host_templates (template_id);

CREATE TABLE sandboxes (
  id UUID PRIMARY KEY,
  team_id UUID NOT NULL REFERENCES teams (id),
  -- Null only while no host has been chosen, or when none could be.
  host_id UUID REFERENCES hosts (id),
  template_id UUID NOT NULL REFERENCES templates (id),
  -- The name at the time of creation: what people remember after the template is gone.
  template_name TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (
    status IN ('pending', 'running', 'pausing', 'paused', 'resuming', 'missing', 'stopped', 'error')
  ),
  status_reason TEXT NOT NULL DEFAULT '',
  vcpus INTEGER NOT NULL CHECK (vcpus BETWEEN 1 AND 64),
  memory_mb INTEGER NOT NULL CHECK (memory_mb >= 128),
  disk_size_mb INTEGER NOT NULL CHECK (disk_size_mb > 0),
  timeout_kind TEXT NOT NULL DEFAULT 'idle' CHECK (timeout_kind IN ('idle', 'deadline')),
  timeout_sec INTEGER NOT NULL DEFAULT 300 CHECK (timeout_sec BETWEEN 0 AND 2592000),
  on_timeout TEXT NOT NULL DEFAULT 'pause' CHECK (on_timeout IN ('pause', 'kill')),
  expires_at TIMESTAMPTZ,
  auto_resume BOOLEAN NOT NULL DEFAULT false,
  -- Meaningful while paused: whether a resume restores memory or boots from the disk.
  memory_kept BOOLEAN NOT NULL DEFAULT false,
  network JSONB NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(network) = 'object'),
  public_ports BOOLEAN NOT NULL DEFAULT false,
  metadata JSONB NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
  started_at TIMESTAMPTZ,
  last_active_at TIMESTAMPTZ,
  paused_at TIMESTAMPTZ,
  -- Null when a key whose maker is gone, or the platform itself, made it.
  created_by UUID REFERENCES users (id),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CHECK (host_id IS NOT NULL OR status IN ('pending', 'stopped', 'error'))
);
CREATE INDEX sandboxes_of_team ON sandboxes (team_id, created_at DESC, id DESC);
CREATE INDEX sandboxes_live_of_team ON sandboxes (team_id, created_at DESC, id DESC)
  WHERE status NOT IN ('stopped', 'error');
CREATE INDEX sandboxes_live_of_host ON sandboxes (host_id, status) WHERE status NOT IN ('stopped', 'error');
CREATE INDEX sandboxes_in_transit ON sandboxes (updated_at)
  WHERE status IN ('pending', 'pausing', 'resuming', 'missing');
CREATE INDEX sandboxes_ended ON sandboxes (updated_at) WHERE status IN ('stopped', 'error');
CREATE INDEX sandboxes_of_template ON sandboxes (template_id) WHERE status NOT IN ('stopped', 'error');

CREATE TABLE audit_logs (
  id UUID PRIMARY KEY,
  team_id UUID NOT NULL REFERENCES teams (id),
  seq BIGINT NOT NULL CHECK (seq > 0),
  actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'api_key', 'system')),
  actor_id TEXT,
  actor_name TEXT,
  resource_type TEXT NOT NULL CHECK (
    resource_type IN ('sandbox', 'snapshot', 'team', 'api_key', 'member', 'host', 'user')
  ),
  resource_id TEXT,
  action TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('team', 'admin')),
  status TEXT NOT NULL CHECK (status IN ('success', 'info', 'warning', 'error')),
  metadata JSONB NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
  prev_hash BYTEA NOT NULL CHECK (length(prev_hash) = 32),
  hash BYTEA NOT NULL CHECK (length(hash) = 32),
  created_at TIMESTAMPTZ NOT NULL,
  UNIQUE (team_id, seq)
);
CREATE INDEX audit_logs_by_resource ON audit_logs (team_id, resource_type, resource_id, seq DESC);

-- Statement triggers, so that even a statement that matches no row is refused.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_logs is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_logs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_logs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- The end of each team's chain. An insert locks its row for that commit only.
CREATE TABLE audit_heads (
  team_id UUID PRIMARY KEY REFERENCES teams (id),
  seq BIGINT NOT NULL DEFAULT 0,
  hash BYTEA NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32)
);

CREATE TABLE events (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Null: an event of the platform.
  team_id UUID REFERENCES teams (id),
  kind TEXT NOT NULL,
  payload JSONB NOT NULL,
  -- Ids are handed out before commit; a reader that stops at its snapshot's oldest running transaction
  -- never skips one that commits late.
  written_by XID8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX events_of_team ON events (team_id, id);
CREATE INDEX events_age ON events (created_at);

CREATE TABLE idempotency_keys (
  team_id UUID NOT NULL REFERENCES teams (id),
  key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  request_hash BYTEA NOT NULL CHECK (length(request_hash) = 32),
  -- Null while the first request is under way.
  response_status SMALLINT,
  response_body JSONB,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (team_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE rate_limits (
  -- Class and subject, as `login:203.0.113.7`.
  bucket TEXT NOT NULL,
  window_start TIMESTAMPTZ NOT NULL,
  hits INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, window_start)
);
CREATE INDEX rate_limits_age ON rate_limits (window_start);

-- Samples: kept at falling resolution, pruned by age.
CREATE TABLE sandbox_metrics (
  sandbox_id UUID NOT NULL REFERENCES sandboxes (id) ON DELETE CASCADE,
  resolution_sec INTEGER NOT NULL CHECK (resolution_sec > 0),
  sampled_at TIMESTAMPTZ NOT NULL,
  cpu_count INTEGER NOT NULL,
  cpu_used_percent REAL NOT NULL,
  memory_used_bytes BIGINT NOT NULL,
  memory_total_bytes BIGINT NOT NULL,
  memory_cache_bytes BIGINT NOT NULL DEFAULT 0,
  disk_used_bytes BIGINT NOT NULL,
  disk_total_bytes BIGINT NOT NULL,
  PRIMARY KEY (sandbox_id, resolution_sec, sampled_at)
);
CREATE INDEX sandbox_metrics_age ON sandbox_metrics (resolution_sec, sampled_at);

CREATE TABLE team_metrics (
  team_id UUID NOT NULL REFERENCES teams (id),
  resolution_sec INTEGER NOT NULL CHECK (resolution_sec > 0),
  sampled_at TIMESTAMPTZ NOT NULL,
  running_sandboxes INTEGER NOT NULL,
  paused_sandboxes INTEGER NOT NULL,
  vcpus INTEGER NOT NULL,
  memory_mb INTEGER NOT NULL,
  PRIMARY KEY (team_id, resolution_sec, sampled_at)
);
CREATE INDEX team_metrics_age ON team_metrics (resolution_sec, sampled_at);

CREATE TABLE host_metrics (
  host_id UUID NOT NULL REFERENCES hosts (id),
  resolution_sec INTEGER NOT NULL CHECK (resolution_sec > 0),
  sampled_at TIMESTAMPTZ NOT NULL,
  running_sandboxes INTEGER NOT NULL,
  free_memory_mb INTEGER NOT NULL,
  free_disk_mb INTEGER NOT NULL,
  PRIMARY KEY (host_id, resolution_sec, sampled_at)
);
CREATE INDEX host_metrics_age ON host_metrics (resolution_sec, sampled_at);

-- The instance's id and keys, made by the first server that starts; never printed.
CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value JSONB NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

INSERT INTO teams (id, name, slug)
  VALUES ('00000000-0000-0000-0000-000000000000', 'Platform', '000000-000000');
INSERT INTO templates (id, team_id, name, type, vcpus, memory_mb, disk_size_mb)
  VALUES ('00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000',
    'minimal', 'base', 1, 512, 5120);
