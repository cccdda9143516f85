/** A sandbox that may reach named hosts only, through all of its life: asked with curl from inside real ones. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { makeCertificate } from "../../agent/control/certificate.ts";
import { NetLab } from "../support/net-lab.ts";
import { Product } from "../support/product.ts";
import { OWN_MOUNTS, useResolver } from "../support/stand-in-resolver.ts";
import { waitFor } from "../support/wait-for.ts";
import { WebPeer } from "../support/web-lab.ts";

setDefaultTimeout(180_000);

const SITE = "203.0.113.112";
const OTHER_SITE = "203.0.113.122";
const RESOLVER = "203.0.113.155";
const LINK = "198.18.80";

const LISTED = { allow_domains: ["site.example", "*.wild.example"] };

const lab = new NetLab();
let product: Product;

beforeAll(async () => {
  const web = lab.use(new WebPeer(await lab.internet([SITE, OTHER_SITE, RESOLVER], LINK)));
  const certificate = makeCertificate("site.example");
  await web.serve(SITE, "site", certificate);
  await web.serve(OTHER_SITE, "other", certificate);
  await web.serveDns(RESOLVER, {
    "site.example": [SITE],
    "a.wild.example": [SITE],
    "other.example": [OTHER_SITE],
  });
  product = await Product.start({ agent: { launcher: OWN_MOUNTS } });
  await useResolver(product.agent, RESOLVER);
});

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await lab[Symbol.asyncDispose]();
});

/** Who answers, or `none`. */
const ask = async (id: string, url: string, options = ""): Promise<string> => {
  const answer = await product.api.run(id, `curl -sk -m 10 ${options} ${url} || true`);
  return /^(?:site|other|wrenn)(?= |:)/.exec(answer)?.[0] ?? "none";
};

/** What the list of these tests lets through and what it does not. */
const expectListed = async (id: string): Promise<void> => {
  const answers = {
    tls: await ask(id, "https://site.example/"),
    http: await ask(id, "http://a.wild.example/"),
    // by an address that the guest knows from elsewhere
    fixed: await ask(id, "https://other.example/", `--resolve other.example:443:${OTHER_SITE}`),
    plain: await ask(id, `http://${OTHER_SITE}/`),
    unknown: await ask(id, "https://other.example/"),
  };
  expect(answers).toEqual({ tls: "site", http: "site", fixed: "none", plain: "wrenn", unknown: "none" });
};

test("the list holds from the start, across pause and resume, and in forks", async () => {
  const id = await product.api.create({ timeout_sec: 0, network: LISTED });
  expect(await product.api.read(id)).toMatchObject({ network: { ...LISTED, allow_internet: true } });
  await expectListed(id);
  await product.api.pause(id);
  await product.api.resume(id);
  await expectListed(id);
  const [child = ""] = await product.api.fork(id, 1);
  expect(await product.api.read(child)).toMatchObject({ network: LISTED });
  await expectListed(child);
  await product.api.remove(child);
  await product.api.ok(`/${id}/pause`, { keep_memory: false });
  await product.api.resume(id);
  await expectListed(id);
  await product.api.remove(id);
});

test("a change holds at once while it runs, and from the resume on while it is paused", async () => {
  const id = await product.api.create({ timeout_sec: 0 });
  expect(await ask(id, "https://other.example/")).toBe("other");
  await product.api.ok(`/${id}/network`, LISTED, "PUT");
  await expectListed(id);
  await product.api.pause(id);
  await product.api.ok(`/${id}/network`, { allow_domains: ["other.example"] }, "PUT");
  await product.api.resume(id);
  expect(await ask(id, "https://other.example/")).toBe("other");
  expect(await ask(id, "https://site.example/")).toBe("none");
  await product.api.ok(`/${id}/network`, { allow_internet: false }, "PUT");
  expect(await ask(id, "https://other.example/")).toBe("none");
  await product.api.ok(`/${id}/network`, {}, "PUT");
  expect(await ask(id, "https://site.example/")).toBe("site");
  await product.api.remove(id);
});

test("it holds for a sandbox that outlived its agent", async () => {
  const id = await product.api.create({ timeout_sec: 0, network: LISTED });
  await expectListed(id);
  await product.agent.crash();
  await product.agent.launch();
  await useResolver(product.agent, RESOLVER);
  await waitFor(
    "names are found again",
    async () => (await ask(id, "https://site.example/")) === "site",
    30_000,
  );
  await expectListed(id);
  await product.api.remove(id);
});
