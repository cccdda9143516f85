-- Who copies a template to a host: one server at a time, which says again and again that it still does.
ALTER TABLE host_templates
  ADD COLUMN lease UUID,
  ADD COLUMN renewed_at TIMESTAMPTZ NOT NULL DEFAULT now();
