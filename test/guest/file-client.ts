/** `/files` of a guest agent, as its clients ask. */
import { shell } from "./commands.ts";
import { type GuestAgent, initBody, postInit, startGuestAgent, USER } from "./guest-agent.ts";

export const TOKEN = "test-token";
export const WITH_TOKEN = { "x-access-token": TOKEN };

/** An agent that asks for `TOKEN` and was told the environment `SANDBOX=yes`. */
export const startInitialised = async (): Promise<GuestAgent> => {
  const agent = await startGuestAgent({ accessToken: TOKEN });
  const { status } = await postInit(agent.url, initBody({ accessToken: TOKEN, envVars: { SANDBOX: "yes" } }));
  if (status === 204) return agent;
  await agent.stop();
  throw new Error(`/init: ${status}`);
};

export class FileClient {
  constructor(readonly agent: GuestAgent) {}

  url(query: Record<string, string>): string {
    return `${this.agent.url}/files?${new URLSearchParams(query)}`;
  }

  get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
    return fetch(this.url({ path, username: USER.name }), {
      method,
      headers: { ...WITH_TOKEN, "accept-encoding": "identity", ...headers },
      decompress: false,
    });
  }

  put(
    path: string,
    body: BodyInit | null,
    headers: Record<string, string> = {},
    user: string = USER.name,
  ): Promise<Response> {
    return fetch(this.url({ path, username: user }), {
      method: "POST",
      headers: { ...WITH_TOKEN, "content-type": "application/octet-stream", ...headers },
      body,
    });
  }

  /** Standard output of a line that must succeed. */
  async inside(line: string, user: string = USER.name): Promise<string> {
    const { stdout, stderr, exitCode } = await shell(this.agent.process(user), line);
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  }
}

/** The sentence of an error. */
export const messageOf = async (response: Response): Promise<string> => {
  const body: unknown = await response.json();
  return typeof body === "object" && body !== null && "message" in body ? String(body.message) : "";
};
