-- What samples of hosts and teams tell besides: how much of it all is really used.

ALTER TABLE host_metrics ADD COLUMN cpu_used_percent REAL NOT NULL DEFAULT 0;
ALTER TABLE team_metrics
  -- Of the running sandboxes that were sampled: whole CPUs, and what their guests say.
  ADD COLUMN cpu_used REAL NOT NULL DEFAULT 0,
  ADD COLUMN memory_used_bytes BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN disk_used_bytes BIGINT NOT NULL DEFAULT 0;
