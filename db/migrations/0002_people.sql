-- Signing in through other providers.

-- A way out to a provider that has not come back yet; whoever comes back takes the row, so each counts once.
-- What proves that the same browser returns is in its cookie; here is only the digest of what the address holds.
CREATE TABLE oauth_flows (
  state_hash BYTEA PRIMARY KEY CHECK (length(state_hash) = 32),
  provider TEXT NOT NULL CHECK (length(provider) BETWEEN 1 AND 64),
  intent TEXT NOT NULL CHECK (intent IN ('login', 'signup', 'link')),
  -- Who wants the identity as a further way to sign in, and the session that asked: they end together.
  user_id UUID REFERENCES users (id),
  family_id UUID,
  expires_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  CHECK ((intent = 'link') = (user_id IS NOT NULL) AND (intent = 'link') = (family_id IS NOT NULL))
);
CREATE INDEX oauth_flows_expiry ON oauth_flows (expires_at);

-- One identity of each provider per account: "the GitHub login" then means one thing.
CREATE UNIQUE INDEX oauth_identities_one_per_provider ON oauth_identities (user_id, provider);
DROP INDEX oauth_identities_of_user;
