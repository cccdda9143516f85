-- What E2B's clients ask for that Wrenn's own did not.

-- Whether a pause by timeout keeps the memory; without it the sandbox boots from its disk.
ALTER TABLE sandboxes ADD COLUMN keep_memory_on_timeout BOOLEAN NOT NULL DEFAULT true;

-- The sandbox a snapshot was made from, while there is a row of it.
ALTER TABLE templates ADD COLUMN sandbox_id UUID REFERENCES sandboxes (id) ON DELETE SET NULL;
CREATE INDEX templates_of_sandbox ON templates (sandbox_id) WHERE sandbox_id IS NOT NULL;
