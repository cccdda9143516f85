/** Which services the server can be made to talk to by what a host registered. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

import { Code, ConnectError } from "@connectrpc/connect";

import { makeCertificate } from "../../agent/control/certificate.ts";
import { newId } from "../../proto/ids.ts";
import { ApiError } from "../../server/errors.ts";
import { checkCertificate } from "../../server/hosts/certificate.ts";
import { hostFetch } from "../../server/hosts/host-fetch.ts";
import { whyUnreachable } from "../../server/hosts/unreachable.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-certificates-"));
afterAll(() => rmSync(directory, { recursive: true }));

const own = makeCertificate("127.0.0.1");

/** An authority, and a certificate that it made for 127.0.0.1: another service's. */
const authority = async () => {
  const make = async (name: string, ...rest: string[]) => {
    const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
    await Bun.$`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=${name} -keyout ${key} -out ${cert} ${rest}`.quiet();
    return { key: await Bun.file(key).text(), cert: await Bun.file(cert).text() };
  };
  const ca = await make("ca", "-addext", "basicConstraints=critical,CA:TRUE");
  const [key, request, cert, names] = ["leaf.key", "leaf.csr", "leaf.pem", "names"].map((name) =>
    join(directory, name),
  );
  await Bun.write(names ?? "", "subjectAltName=IP:127.0.0.1\n");
  await Bun.$`openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf -keyout ${key} -out ${request}`.quiet();
  await Bun.$`openssl x509 -req -in ${request} -CA ${join(directory, "ca.pem")} -CAkey ${join(directory, "ca.key")} -CAcreateserial -days 1 -extfile ${names} -out ${cert}`.quiet();
  const leaf = { key: await Bun.file(key ?? "").text(), cert: await Bun.file(cert ?? "").text() };
  return { ca, leaf };
};
const { ca, leaf } = await authority();

/** A TLS service that counts what it is sent. */
const serve = (tls?: { key: string; cert: string }) => {
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls ? { tls } : {}),
    fetch: (request) => {
      seen.push(request.headers.get("authorization") ?? "nothing");
      return new Response("ok");
    },
  });
  return { server, seen, port: server.port, [Symbol.dispose]: () => void server.stop(true) };
};

const dial = async (port: number | undefined, tlsCert: string | null) => {
  const endpoint = { id: newId(), address: `https://127.0.0.1:${port}`, tlsCert };
  try {
    const response = await hostFetch(endpoint)(`${endpoint.address}/`, {
      headers: { authorization: "secret" },
    });
    return await response.text();
  } catch (error) {
    return whyUnreachable(endpoint, error).replace(`the server cannot reach ${endpoint.address}: `, "");
  }
};

describe("a pinned host", () => {
  test("is called, again and again", async () => {
    using host = serve(own);
    expect(await dial(host.port, own.cert)).toBe("ok");
    expect(await dial(host.port, own.cert)).toBe("ok");
    expect(host.seen).toEqual(["secret", "secret"]);
  });

  const others: [string, { key: string; cert: string }, string][] = [
    ["another host's certificate", makeCertificate("127.0.0.1"), own.cert],
    ["one that the pinned authority made", leaf, ca.cert],
    ["one whose authority stands after the pinned one", leaf, `${own.cert}${ca.cert}`],
    ["a stranger to the pinned one", own, leaf.cert],
  ];
  test.each(others)("%s is another, and is sent nothing", async (_what, tls, pinned) => {
    using other = serve(tls);
    expect(await dial(other.port, pinned)).toBe("another certificate is there");
    expect(await dial(other.port, pinned)).toBe("another certificate is there");
    expect(other.seen).toEqual([]);
  });

  test("is not called where nothing, or no TLS, is", async () => {
    using plain = serve();
    expect(await dial(plain.port, own.cert)).toBe("what is there does not answer as a host");
    expect(plain.seen).toEqual([]);
    const { port } = plain;
    await plain.server.stop(true);
    expect(await dial(port, own.cert)).toBe("the connection is refused");
  });
});

test("what a host's answer says is not repeated", () => {
  const endpoint = { id: newId(), address: "https://192.0.2.7:7070", tlsCert: own.cert };
  const told = [Code.Internal, Code.Unknown, Code.Unauthenticated, Code.DeadlineExceeded].map((code) =>
    whyUnreachable(endpoint, new ConnectError("root:x:0:0", code)),
  );
  expect(told).toEqual([
    "the server cannot reach https://192.0.2.7:7070: what is there does not answer as a host",
    "the server cannot reach https://192.0.2.7:7070: what is there does not answer as a host",
    "the server cannot reach https://192.0.2.7:7070: it refuses the server's calls",
    "the server cannot reach https://192.0.2.7:7070: there is no answer in time",
  ]);
});

describe("a host registers with", () => {
  test("its own certificate", () => {
    checkCertificate(own.cert);
  });

  test.each([
    ["no authority", ca.cert],
    ["no public authority", rootCertificates[0] ?? ""],
    ["none that another signed", leaf.cert],
    ["nothing else", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
  ])("%s", (_what, pem) => {
    expect(() => checkCertificate(pem)).toThrow(ApiError);
  });
});
