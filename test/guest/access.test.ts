/** Who may ask a real guest agent for what, and what it tells of its sandbox. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { DescService } from "@bufbuild/protobuf";

import { signatureOf } from "../../proto/file-signature.ts";
import { Filesystem } from "../../proto/gen/filesystem/filesystem_pb.ts";
import { Process, Signal } from "../../proto/gen/process/process_pb.ts";
import { begin, byPid, shell } from "./commands.ts";
import { FileClient, messageOf, startInitialised, TOKEN, WITH_TOKEN } from "./file-client.ts";
import { canRunGuestAgent, type GuestAgent, OTHER, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("access to a guest agent", () => {
  let agent: GuestAgent;
  let files: FileClient;
  beforeAll(async () => {
    agent = await startInitialised();
    files = new FileClient(agent);
  });
  afterAll(() => agent?.stop());

  describe("access", () => {
    const signed = (
      operation: "read" | "write",
      options: { expiration?: number; token?: string; path?: string } = {},
    ): string => {
      const { expiration = null, token = TOKEN, path = "signed" } = options;
      const signature = signatureOf({
        path,
        user: USER.name,
        operation,
        accessToken: token,
        expiration: expiration === null ? null : String(expiration),
      });
      const query: Record<string, string> = { path: "signed", username: USER.name, signature };
      if (expiration !== null) query["signature_expiration"] = String(expiration);
      return files.url(query);
    };
    const inFuture = (): number => Math.floor(Date.now() / 1_000) + 60;

    test("signed URLs need no token", async () => {
      expect(
        (
          await fetch(signed("write"), {
            method: "POST",
            headers: { "content-type": "application/octet-stream" },
            body: "by signature",
          })
        ).status,
      ).toBe(200);
      expect(await (await fetch(signed("read"))).text()).toBe("by signature");
      expect(await (await fetch(signed("read", { expiration: inFuture() }))).text()).toBe("by signature");
    });

    test.each([
      ["expired", () => signed("read", { expiration: 1_000_000 }), "signature is already expired"],
      ["of another operation", () => signed("write"), "invalid signature"],
      ["of another token", () => signed("read", { token: "other" }), "invalid signature"],
      ["of another path", () => signed("read", { path: "other" }), "invalid signature"],
      [
        "with a longer life than signed",
        () => signed("read", { expiration: inFuture() }).replace(/(signature_expiration=\d+)/, "$10"),
        "invalid signature",
      ],
      [
        "missing",
        () => files.url({ path: "signed", username: USER.name }),
        "missing signature query parameter",
      ],
    ])("a signature %s", async (_, url, message) => {
      const response = await fetch(url());
      expect(response.status).toBe(401);
      expect(await messageOf(response)).toBe(message);
    });

    const json = { "content-type": "application/json" };
    const callsOf = ({ typeName, methods }: DescService) =>
      methods.map(({ name }): [string, string] => ["POST", `/${typeName}/${name}`]);
    const routes: [string, string][] = [
      ...callsOf(Process),
      ...callsOf(Filesystem),
      ["GET", "/metrics"],
      ["GET", "/envs"],
      ["GET", "/ports"],
      ["POST", "/expose?port=1"],
      ["GET", "/files?path=signed"],
      ["HEAD", "/files?path=signed"],
      ["POST", "/files?path=refused"],
      ["POST", "/files/compose"],
    ];

    test.each(routes)("%s %s asks for the token of this very sandbox", async (method, path) => {
      const ask = (headers: Record<string, string>) =>
        fetch(agent.url + path, {
          method,
          headers: { ...json, ...headers },
          body: method === "POST" ? "{}" : undefined,
        });
      const another = crypto.getRandomValues(new Uint8Array(32)).toHex();
      for (const token of ["", another, TOKEN.slice(0, -1), `${TOKEN}x`, TOKEN.toUpperCase(), `${TOKEN},x`]) {
        expect((await ask({ "x-access-token": token })).status).toBe(401);
      }
      const refused = await ask({ authorization: `Bearer ${TOKEN}` });
      expect(refused.status).toBe(401);
      if (path.includes(".")) expect(await refused.json()).toMatchObject({ code: "unauthenticated" });
      if (path.includes("refused")) expect(existsSync(join(agent.homes, USER.name, "refused"))).toBe(false);
      expect((await ask(WITH_TOKEN)).status).not.toBe(401);
    });

    test("/health and preflights are open to everyone", async () => {
      expect((await fetch(`${agent.url}/health`)).status).toBe(204);
      const preflight = await fetch(`${agent.url}/process.Process/Start`, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example",
          "access-control-request-headers": "x-access-token,connect-protocol-version",
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get("access-control-allow-headers")).toContain("x-access-token");
    });

    test("a wrong token is refused although the signature would do; an empty one is none", async () => {
      await files.put("signed", "by signature");
      expect(await (await fetch(signed("read"), { headers: { "x-access-token": "" } })).text()).toBe(
        "by signature",
      );
      expect((await fetch(signed("read"), { headers: { "x-access-token": "wrong-token" } })).status).toBe(
        401,
      );
    });

    test("answers to browsers carry CORS headers, refusals too", async () => {
      const headers = { origin: "https://app.example" };
      const refused = await fetch(`${agent.url}/metrics`, { headers });
      expect(refused.headers.get("access-control-allow-origin")).toBe("*");
      const listed = await fetch(`${agent.url}/process.Process/List`, {
        method: "POST",
        headers: { ...headers, ...WITH_TOKEN, "content-type": "application/json" },
        body: "{}",
      });
      expect(listed.headers.get("access-control-expose-headers")).toContain("Connect-Content-Encoding");
    });
  });

  test("a link that changes its target all the time opens nothing of another user", async () => {
    await files.inside(`echo secret > ${OTHER.home}/secret; chmod 600 ${OTHER.home}/secret`, "root");
    await files.inside(`mkdir -p own && ln -sfn ${USER.home}/own way`);
    const swap = `while :; do ln -sfn ${OTHER.home} way; ln -sfn ${USER.home}/own way; done`;
    const swapper = await begin(agent.process(), { process: { cmd: "sh", args: ["-c", swap] } });
    const seen = new Set<string>();
    const client = agent.filesystem();
    // Until both ways were met, or it would show nothing.
    const enough = (round: number): boolean => round >= 60 && seen.has("put 200") && seen.has("put 403");
    for (let round = 0; round < 1_000 && !enough(round); round += 1) {
      await Promise.allSettled([
        files.put(`way/upload-${round}`, "x").then(({ status }) => seen.add(`put ${status}`)),
        files.get("way/secret").then(async (response) => seen.add(await response.text())),
        client.makeDir({ path: `way/dir-${round}/below` }),
        client.move({ source: `own/upload-${round - 1}`, destination: `way/moved-${round}` }),
        client.listDir({ path: "way" }).then(({ entries }) => {
          for (const { name } of entries) seen.add(name);
        }),
        client.remove({ path: "way/secret" }),
      ]);
    }
    await agent.process().sendSignal({ process: byPid(swapper.pid), signal: Signal.SIGKILL });
    await swapper.rest;
    expect(readdirSync(join(agent.homes, OTHER.name))).toEqual(["secret"]);
    expect([...seen].filter((said) => said.startsWith("secret"))).toEqual([]);
    expect([...seen]).toContain("put 200");
    expect([...seen]).toContain("put 403");
  });

  describe("what the sandbox tells of itself", () => {
    test("/metrics", async () => {
      const metrics = await (await fetch(`${agent.url}/metrics`, { headers: WITH_TOKEN })).json();
      const keys = [
        "cpu_count",
        "cpu_used_pct",
        "disk_total",
        "disk_used",
        "mem_cache",
        "mem_total",
        "mem_total_mib",
        "mem_used",
        "mem_used_mib",
        "ts",
      ];
      expect(Object.keys(metrics as object).sort()).toEqual(keys);
      for (const key of ["cpu_count", "mem_total", "mem_used", "disk_total", "ts"])
        expect((metrics as Record<string, number>)[key]).toBeGreaterThan(0);
    });

    test("/envs and /ports", async () => {
      expect(await (await fetch(`${agent.url}/envs`, { headers: WITH_TOKEN })).json()).toEqual({
        SANDBOX: "yes",
      });
      const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
      try {
        const { ports } = (await (await fetch(`${agent.url}/ports`, { headers: WITH_TOKEN })).json()) as {
          ports: number[];
        };
        expect(ports).toContain(server.port);
        expect(ports).not.toContain(Number(new URL(agent.url).port));
      } finally {
        server.stop(true);
      }
    });

    test("the sandbox's environment reaches commands, the request's wins", async () => {
      expect((await shell(agent.process(), "echo $SANDBOX")).stdout).toBe("yes\n");
      expect((await shell(agent.process(), "echo $SANDBOX", { envs: { SANDBOX: "no" } })).stdout).toBe(
        "no\n",
      );
    });
  });
});
