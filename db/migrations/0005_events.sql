-- Live events. Triggers note what changed, so that no writer can forget to; how it looks now is read when it is told.

DELETE FROM events;
DROP INDEX events_of_team;
ALTER TABLE events
  -- Which thing changed; together with `kind` and `team` its address.
  DROP COLUMN payload,
  ADD COLUMN resource UUID NOT NULL,
  ADD COLUMN is_new BOOLEAN NOT NULL,
  ADD CONSTRAINT events_kind_check CHECK (kind IN (
    'sandbox', 'host', 'template', 'member', 'key', 'team', 'audit', 'user', 'session', 'monitor', 'quarantine'
  )),
  -- Teams are never removed; the reference would lock the team's row in every transaction that changes anything.
  DROP CONSTRAINT events_team_id_fkey;
ALTER TABLE events RENAME COLUMN team_id TO team;
-- Readers go on from a snapshot: what its transactions did not see yet.
CREATE INDEX events_of_writer ON events (written_by);

-- Rings for whoever listens, at the commit. Sending a notification serialises commits, so of those who commit at
-- the same time one rings for all: readers look again while a transaction that they cannot see yet is under way.
CREATE FUNCTION ring_for_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- "bell" in ASCII.
  IF pg_try_advisory_xact_lock(x'62656c6c'::int) THEN
    PERFORM pg_notify('wrenn_events', '');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER events_ring AFTER INSERT ON events
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ring_for_events();

-- Time in steps of so many seconds: what changes all the time is told once per step.
CREATE FUNCTION step_of(at TIMESTAMPTZ, step_sec DOUBLE PRECISION) RETURNS DOUBLE PRECISION
  LANGUAGE sql IMMUTABLE AS $$ SELECT floor(extract(epoch FROM at) / step_sec) $$;

-- Each function below compares whole rows, without what is quiet: a new column is told unless it is named here.

CREATE FUNCTION tell_sandbox() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  told sandboxes;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    told := NEW;
    told.updated_at := OLD.updated_at;
    told.expires_at := OLD.expires_at;
    told.last_active_at := OLD.last_active_at;
    -- The end of one in use moves with every command: a tenth of its timeout counts.
    IF told IS NOT DISTINCT FROM OLD
      AND step_of(NEW.last_active_at, 60) IS NOT DISTINCT FROM step_of(OLD.last_active_at, 60)
      AND step_of(NEW.expires_at, greatest(NEW.timeout_sec / 10.0, 1))
        IS NOT DISTINCT FROM step_of(OLD.expires_at, greatest(OLD.timeout_sec / 10.0, 1))
    THEN
      RETURN NULL;
    END IF;
  END IF;
  INSERT INTO events (team, kind, resource, is_new) VALUES (NEW.team_id, 'sandbox', NEW.id, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER sandboxes_tell AFTER INSERT OR UPDATE ON sandboxes
  FOR EACH ROW EXECUTE FUNCTION tell_sandbox();

CREATE FUNCTION tell_host() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  told hosts;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    told := NEW;
    told.updated_at := OLD.updated_at;
    told.last_heartbeat_at := OLD.last_heartbeat_at;
    told.free_memory_mb := OLD.free_memory_mb;
    told.free_disk_mb := OLD.free_disk_mb;
    -- A beat that brings nothing but itself: one a minute.
    IF told IS NOT DISTINCT FROM OLD
      AND step_of(NEW.last_heartbeat_at, 60) IS NOT DISTINCT FROM step_of(OLD.last_heartbeat_at, 60)
    THEN
      RETURN NULL;
    END IF;
  END IF;
  INSERT INTO events (team, kind, resource, is_new) VALUES (NEW.team_id, 'host', NEW.id, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER hosts_tell AFTER INSERT OR UPDATE ON hosts
  FOR EACH ROW EXECUTE FUNCTION tell_host();

-- Null stands for the platform, whose templates everyone sees.
CREATE FUNCTION team_or_platform(team UUID) RETURNS UUID
  LANGUAGE sql IMMUTABLE AS $$ SELECT nullif(team, '00000000-0000-0000-0000-000000000000') $$;

CREATE FUNCTION tell_template() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW IS DISTINCT FROM OLD THEN
    INSERT INTO events (team, kind, resource, is_new)
      VALUES (team_or_platform(NEW.team_id), 'template', NEW.id, TG_OP = 'INSERT');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER templates_tell AFTER INSERT OR UPDATE ON templates
  FOR EACH ROW EXECUTE FUNCTION tell_template();

-- Where a template is, and how far copies of it are.
CREATE FUNCTION tell_template_on_host() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  held host_templates := coalesce(NEW, OLD);
BEGIN
  IF TG_OP <> 'UPDATE' OR (NEW.state, NEW.progress) IS DISTINCT FROM (OLD.state, OLD.progress) THEN
    INSERT INTO events (team, kind, resource, is_new)
      SELECT team_or_platform(t.team_id), 'template', t.id, false FROM templates t WHERE t.id = held.template_id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER host_templates_tell AFTER INSERT OR UPDATE OR DELETE ON host_templates
  FOR EACH ROW EXECUTE FUNCTION tell_template_on_host();

CREATE FUNCTION tell_member() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  membership memberships := coalesce(NEW, OLD);
BEGIN
  INSERT INTO events (team, kind, resource, is_new)
    VALUES (membership.team_id, 'member', membership.user_id, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER memberships_tell AFTER INSERT OR UPDATE OR DELETE ON memberships
  FOR EACH ROW EXECUTE FUNCTION tell_member();

-- A person is shown to platform admins, and to every team they are in.
CREATE FUNCTION tell_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (team, kind, resource, is_new) VALUES (NULL, 'user', NEW.id, TG_OP = 'INSERT');
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO events (team, kind, resource, is_new)
      SELECT m.team_id, 'member', NEW.id, false FROM memberships m WHERE m.user_id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER users_tell AFTER INSERT OR UPDATE ON users
  FOR EACH ROW EXECUTE FUNCTION tell_user();

-- The end of a sign-in, for the streams it opened; whoever refreshes goes on.
CREATE FUNCTION tell_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (team, kind, resource, is_new) VALUES (NULL, 'session', NEW.family_id, false);
  RETURN NULL;
END $$;
CREATE TRIGGER sessions_tell AFTER UPDATE ON sessions
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION tell_session_end();

CREATE FUNCTION tell_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (team, kind, resource, is_new) VALUES (NEW.team_id, 'key', NEW.id, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER api_keys_tell AFTER INSERT OR UPDATE ON api_keys
  FOR EACH ROW EXECUTE FUNCTION tell_key();

CREATE FUNCTION tell_team() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (team, kind, resource, is_new) VALUES (NEW.id, 'team', NEW.id, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER teams_tell AFTER INSERT OR UPDATE ON teams
  FOR EACH ROW EXECUTE FUNCTION tell_team();

CREATE FUNCTION tell_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (team, kind, resource, is_new)
    VALUES (team_or_platform(NEW.team_id), 'audit', NEW.id, true);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_logs_tell AFTER INSERT ON audit_logs
  FOR EACH ROW EXECUTE FUNCTION tell_audit();

CREATE FUNCTION tell_monitor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO events (team, kind, resource, is_new) VALUES (NULL, 'monitor', NEW.id, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER monitor_holds_tell AFTER INSERT OR UPDATE ON monitor_holds
  FOR EACH ROW EXECUTE FUNCTION tell_monitor();

CREATE FUNCTION tell_quarantine() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  stranger quarantine := coalesce(NEW, OLD);
BEGIN
  INSERT INTO events (team, kind, resource, is_new)
    VALUES (NULL, 'quarantine', stranger.sandbox, TG_OP = 'INSERT');
  RETURN NULL;
END $$;
CREATE TRIGGER quarantine_tell AFTER INSERT OR DELETE ON quarantine
  FOR EACH ROW EXECUTE FUNCTION tell_quarantine();
