/** The way out to a provider and back. */
import type { OauthIntent } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { sha256 } from "../auth/secrets.ts";
import type { Log } from "../log.ts";
import { refusal } from "./error-words.ts";
import { deriveFlowSecrets, FLOW_SEC, isStateOf, newFlowSecret } from "./flow-secrets.ts";
import { describeFailure, isDenied } from "./provider-failure.ts";
import type { Provider, Visit } from "./provider.ts";
import { createSettle } from "./settle.ts";
import type { SettleDeps } from "./settle.ts";
import { insertFlow, type Linker, takeFlow } from "./store.ts";

export interface SignInDeps extends SettleDeps {
  sql: Sql;
  log: Log;
  providers: ReadonlyMap<string, Provider>;
  publicUrl: string;
}

export const createProviderSignIn = ({ providers, publicUrl, log, ...deps }: SignInDeps) => {
  const { sql } = deps;
  const settle = createSettle(deps);

  const find = (id: string): Provider => {
    const provider = providers.get(id);
    if (provider === undefined) throw refusal("unknown_provider");
    return provider;
  };

  const visitOf = (provider: Provider, secret: string): Visit => ({
    redirectUri: `${publicUrl}/auth/oauth/${provider.id}/callback`,
    secrets: deriveFlowSecrets(secret),
  });

  /** Any failure as the refusal the person sees; the log gets the cause. */
  const ask = async <T>(provider: Provider, question: Promise<T>): Promise<T> => {
    try {
      return await question;
    } catch (error) {
      if (isDenied(error)) throw refusal("access_denied");
      log.warn("a sign-in provider failed", { provider: provider.id, ...describeFailure(error), error });
      throw refusal("provider_error");
    }
  };

  return {
    /** Where to send the browser, and the secret for its cookie. @param linker who wants to link. */
    async begin(request: {
      providerId: string;
      intent: OauthIntent;
      linker: Linker | null;
    }): Promise<{ url: URL; secret: string }> {
      const { providerId, intent, linker } = request;
      const provider = find(providerId);
      const secret = newFlowSecret();
      const visit = visitOf(provider, secret);
      const url = await ask(provider, provider.authorizationUrl(visit));
      const stateHash = sha256(visit.secrets.state);
      await insertFlow(sql, { stateHash, provider: provider.id, intent, linker, lifeSec: FLOW_SEC });
      return { url, secret };
    },

    /**
     * What a browser that comes back gets: a refresh token, or null when a link was made.
     * @param secret of its cookie.
     */
    async finish(request: {
      providerId: string;
      parameters: URLSearchParams;
      secret: string | null;
      userAgent: string | null;
    }): Promise<string | null> {
      const { providerId, parameters, secret, userAgent } = request;
      const provider = find(providerId);
      if (secret === null) throw refusal("flow_expired");
      const visit = visitOf(provider, secret);
      if (!isStateOf(visit.secrets, parameters.get("state"))) throw refusal("state_mismatch");
      const stateHash = sha256(visit.secrets.state);
      const flow = await takeFlow(sql, { stateHash, provider: provider.id });
      if (flow === undefined) throw refusal("flow_used");
      if (!flow.is_live) throw refusal("flow_expired");
      const profile = await ask(provider, provider.identify({ ...visit, parameters }));
      const { intent, user_id: userId, family_id: sessionId } = flow;
      const linker = userId !== null && sessionId !== null ? { userId, sessionId } : null;
      return settle({ provider: provider.id, profile, intent, linker, userAgent });
    },
  };
};

export type ProviderSignIn = ReturnType<typeof createProviderSignIn>;
