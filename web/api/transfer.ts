/** Bytes of any size to and from the server, with how far they are. `fetch` does not tell of what it sends. */
import { ApiFailure, toFailure, unreachable } from "./failure.ts";

export interface TransferOptions {
  token: string;
  signal: AbortSignal;
  onProgress(doneBytes: number): void;
}

const parseFailure = (status: number, body: string): Promise<ApiFailure> =>
  toFailure(new Response(body, { status }));

/** Throws `ApiFailure`; aborted, the signal's reason. */
export const sendFile = (
  url: string,
  file: Blob,
  { token, signal, onProgress }: TransferOptions,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("authorization", `Bearer ${token}`);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve();
      else void parseFailure(request.status, request.responseText).then(reject);
    });
    request.addEventListener("error", () => reject(unreachable(new Error("the upload broke"))));
    request.addEventListener("abort", () => reject(signal.reason));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });

/** The browser keeps large ones on disk. Throws as `sendFile` does. */
export const receiveFile = async (
  url: string,
  { token, signal, onProgress }: TransferOptions,
): Promise<Blob> => {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal }).catch(
    (error: unknown) => {
      throw signal.aborted ? signal.reason : unreachable(error);
    },
  );
  if (!response.ok || response.body === null) throw await toFailure(response);
  let done = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        done += chunk.byteLength;
        onProgress(done);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted).blob().catch((error: unknown) => {
    throw signal.aborted ? signal.reason : unreachable(error);
  });
};

/** The first bytes of a file, and whether there are more. */
export const receiveStart = async (
  url: string,
  most: number,
  { token, signal }: Omit<TransferOptions, "onProgress">,
): Promise<Uint8Array<ArrayBuffer>> => {
  const headers = { authorization: `Bearer ${token}`, range: `bytes=0-${most - 1}` };
  const response = await fetch(url, { headers, signal }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : unreachable(error);
  });
  // Of an empty file there is no first byte.
  if (response.status === 416) return new Uint8Array();
  if (!response.ok) throw await toFailure(response);
  return new Uint8Array(await response.arrayBuffer());
};
