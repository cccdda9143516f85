/** One small file over HTTP, there and back. */

export interface FileRoundTrip {
  /** Of the write. */
  method: "PUT" | "POST";
  headers: Record<string, string>;
  content: string;
}

/** Throws unless both are answered with success and what comes back is what went. */
export const writeAndReadFile = async (
  url: string,
  { method, headers, content }: FileRoundTrip,
): Promise<void> => {
  const type = { "content-type": "application/octet-stream" };
  const written = await fetch(url, { method, headers: { ...headers, ...type }, body: content });
  await written.arrayBuffer();
  const read = await fetch(url, { headers });
  const back = await read.text();
  if (!written.ok || !read.ok || back !== content) {
    throw new Error(`${url}: written with ${written.status}, read with ${read.status}`);
  }
};
