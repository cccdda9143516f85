/**
 * One product for every combination: a server with plain URLs, a second over the same data with TLS and
 * host names, a third that limits how often, a host with its agent, two teams, and what stands for the internet.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { makeCertificate } from "../../../agent/control/certificate.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { freePort } from "../../support/free-port.ts";
import { JoinedAgent } from "../../support/joined-agent.ts";
import { NetLab } from "../../support/net-lab.ts";
import { ServerProcess } from "../../support/server-process.ts";
import { createKey, signUp, type TestPerson } from "../../support/server.ts";
import { OWN_MOUNTS, useResolver } from "../../support/stand-in-resolver.ts";
import { WebPeer } from "../../support/web-lab.ts";
import { LIMITED_WRITES, type Settings, type Site } from "../program/protocol.ts";
import { createCertificate, SANDBOX_DOMAIN } from "./certificate.ts";
import type { Urls } from "./combinations.ts";
import { createWorkshop, type Workshop } from "./workshop.ts";

/** What stands for the internet, at TEST-NET addresses, which only this machine routes. */
interface Internet {
  sites: [Site, Site];
  resolver: string;
  link: string;
}

/** Each stage has its own: two may stand at a time. @param place from 0, below 10 */
const planInternet = (place: number): Internet => ({
  sites: [
    { name: "first", address: `198.51.100.${20 + place}`, host: "first.example" },
    { name: "second", address: `203.0.113.${22 + place}`, host: "second.example" },
  ],
  resolver: `203.0.113.${53 + place}`,
  link: `198.18.${79 + place}`,
});

/** Frees what was opened, last first. */
type Cleanup = () => Promise<void>;

export class Stage implements AsyncDisposable {
  private constructor(
    readonly workshop: Workshop,
    readonly server: ServerProcess,
    readonly tlsServer: ServerProcess,
    readonly limitedServer: ServerProcess,
    readonly agent: JoinedAgent,
    readonly admin: TestPerson,
    readonly apiKey: string,
    readonly otherApiKey: string,
    private readonly internet: Internet,
    private readonly authority: string,
    private readonly cleanups: Cleanup[],
  ) {}

  static async start(place: number): Promise<Stage> {
    const internet = planInternet(place);
    const cleanups: Cleanup[] = [];
    const keep = <T extends AsyncDisposable>(thing: T): T => {
      cleanups.push(() => Promise.resolve(thing[Symbol.asyncDispose]()));
      return thing;
    };
    try {
      const workshop = await createWorkshop();
      cleanups.push(() => rm(workshop.directory, { recursive: true, force: true }));
      await Stage.#openInternet(keep(new NetLab()), internet);
      const database = await createTestDatabase();
      cleanups.push(() => database.drop());
      const [server, tls, limitedServer] = await Stage.#startServers(database, workshop);
      for (const one of [server, tls.server, limitedServer]) keep(one);
      const admin = await signUp(server.url, "Ada");
      const apiKey = await createKey(server.url, admin);
      const otherApiKey = await createKey(server.url, await signUp(server.url, "Eve"));
      const launcher = OWN_MOUNTS;
      const agent = keep(await JoinedAgent.join({ serverUrl: server.url, token: admin.token, launcher }));
      await useResolver(agent, internet.resolver);
      return new Stage(
        workshop,
        server,
        tls.server,
        limitedServer,
        agent,
        admin,
        asE2bKey(apiKey),
        asE2bKey(otherApiKey),
        internet,
        tls.authority,
        cleanups,
      );
    } catch (error) {
      await closeAll(cleanups);
      throw error;
    }
  }

  static async #openInternet(lab: NetLab, { sites, resolver, link }: Internet): Promise<void> {
    const addresses = [...sites.map(({ address }) => address), resolver];
    const web = lab.use(new WebPeer(await lab.internet(addresses, link)));
    for (const { address, name, host } of sites) await web.serve(address, name, makeCertificate(host));
    const names = sites.map(({ host, address }): [string, string[]] => [host, [address]]);
    await web.serveDns(resolver, Object.fromEntries(names));
  }

  static async #startServers(database: TestDatabase, workshop: Workshop) {
    const directory = join(workshop.directory, "tls");
    await mkdir(directory);
    const { authority, certificate, key } = await createCertificate(directory);
    const server = await ServerProcess.start(database.url);
    const tlsPort = await freePort();
    const tlsServer = await ServerProcess.start(database.url, {
      WRENN_LISTEN: `127.0.0.1:${tlsPort}`,
      WRENN_TLS_CERT: certificate,
      WRENN_TLS_KEY: key,
      WRENN_SANDBOX_DOMAIN: `${SANDBOX_DOMAIN}:${tlsPort}`,
    });
    const { count, windowSec } = LIMITED_WRITES;
    const limitedServer = await ServerProcess.start(database.url, {
      WRENN_RATE_LIMITS: `write=${count}/${windowSec}`,
    });
    return [server, { server: tlsServer, authority }, limitedServer] as const;
  }

  /** Where the package's users are told to look. */
  apiUrl(urls: Urls): string {
    return urls === "plain" ? this.server.url : `https://api.${SANDBOX_DOMAIN}:${this.#tlsPort}`;
  }

  get #tlsPort(): string {
    return new URL(this.tlsServer.url).port;
  }

  /** What a user sets. */
  environment(urls: Urls): Record<string, string> {
    const common = { E2B_API_KEY: this.apiKey, E2B_API_URL: this.apiUrl(urls) };
    if (urls === "plain") return { ...common, E2B_SANDBOX_URL: this.server.url };
    return {
      ...common,
      E2B_DOMAIN: `${SANDBOX_DOMAIN}:${this.#tlsPort}`,
      NODE_EXTRA_CA_CERTS: this.authority,
    };
  }

  settings(urls: Urls, packageName: string): Settings {
    return {
      packageName,
      urls,
      isSoak: process.env["WRENN_TEST_SOAK"] === "1",
      apiUrl: this.apiUrl(urls),
      otherApiKey: this.otherApiKey,
      limitedApiUrl: this.limitedServer.url,
      sites: this.internet.sites,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.cleanups);
  }
}

/** The same key in the form that the package's older versions insist on. */
const asE2bKey = (apiKey: string): string => apiKey.replace(/^wrn_/, "e2b_");

const closeAll = async (cleanups: Cleanup[]): Promise<void> => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
};
