-- What E2B's clients ask for that Wrenn's own did not.

-- Whether a pause by timeout keeps the memory; without it the sandbox boots from its disk.
ALTER TABLE sandboxes ADD COLUMN keep_memory_on_timeout BOOLEAN NOT NULL DEFAULT true;

-- The sandbox a snapshot was made from: no reference, since the snapshot outlives its row.
ALTER TABLE templates ADD COLUMN source_sandbox UUID;
CREATE INDEX templates_by_source ON templates (team_id, source_sandbox) WHERE source_sandbox IS NOT NULL;
