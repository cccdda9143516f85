-- Pages of sandboxes are cut at the time one was made. At the precision that clients and JavaScript know, so that the place
-- a page ends at is its last row's own time; ids tell those apart that have the same.
ALTER TABLE sandboxes ALTER COLUMN created_at TYPE TIMESTAMPTZ(3);
