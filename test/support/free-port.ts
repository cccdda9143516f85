/** A port that was free a moment ago, for what must be told its address before it listens there. */

export const freePort = async (): Promise<number> => {
  const listener = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = listener;
  await listener.stop(true);
  if (port === undefined) throw new Error("no free port");
  return port;
};
