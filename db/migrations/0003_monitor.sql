-- One monitor among many servers: who leads, when it holds, what it found, and how hosts are drained.

-- One row: the server that leads, or the last one that did. Whether it still does tells the advisory lock.
CREATE TABLE monitor (
  is_only BOOLEAN PRIMARY KEY DEFAULT true CHECK (is_only),
  -- Name of the process.
  leader TEXT NOT NULL CHECK (length(leader) BETWEEN 1 AND 255),
  leading_since TIMESTAMPTZ NOT NULL,
  -- The last round that ended, and how long it took.
  last_round_at TIMESTAMPTZ NOT NULL,
  last_round_ms INTEGER NOT NULL CHECK (last_round_ms >= 0)
);

-- Times at which so many hosts fell silent at once that none of them was marked lost.
CREATE TABLE monitor_holds (
  id UUID PRIMARY KEY,
  host_ids UUID[] NOT NULL CHECK (cardinality(host_ids) > 0),
  begun_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  ended_at TIMESTAMPTZ,
  end_reason TEXT CHECK (end_reason IN ('beat', 'released', 'expired')),
  released_by UUID REFERENCES users (id),
  CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  CHECK (released_by IS NULL OR end_reason = 'released')
);
CREATE UNIQUE INDEX monitor_holds_one_open ON monitor_holds ((true)) WHERE ended_at IS NULL;
CREATE INDEX monitor_holds_age ON monitor_holds (ended_at);

-- Sandboxes that a host has and `sandboxes` has no row of, and since when that is known.
CREATE TABLE quarantine (
  host_id UUID NOT NULL REFERENCES hosts (id),
  sandbox UUID NOT NULL,
  first_seen_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (host_id, sandbox)
);

-- The host was not told yet to pause what runs on it.
ALTER TABLE hosts ADD COLUMN drain_pause_due BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE hosts ADD CHECK (draining OR NOT drain_pause_due);
