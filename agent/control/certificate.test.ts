import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";

import { makeCertificate } from "./certificate.ts";

test("the certificate is self-signed, names the address and lasts", () => {
  const { cert } = makeCertificate("192.0.2.7");
  const parsed = new X509Certificate(cert);
  expect(parsed.verify(parsed.publicKey)).toBe(true);
  expect(parsed.subject).toBe("CN=wrenn-agent");
  expect(parsed.subjectAltName).toBe("IP Address:192.0.2.7");
  expect(new Date(parsed.validTo).getUTCFullYear()).toBe(new Date().getUTCFullYear() + 20);
});

test("a client that pins it reaches the server, one that pins another does not", async () => {
  const mine = makeCertificate("127.0.0.1");
  const other = makeCertificate("127.0.0.1");
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: mine,
    fetch: () => new Response("ok"),
  });
  const ask = (ca: string) => fetch(`https://127.0.0.1:${server.port}/`, { tls: { ca }, keepalive: false });
  expect(await (await ask(mine.cert)).text()).toBe("ok");
  expect(ask(other.cert)).rejects.toThrow();
});
