/** Loopback TCP ports: free ones, and whether a given one can be had. */
import { CommandFailure } from "./failure.ts";

/** Binds and lets go again: the number of the port, or null when it is taken. 0 asks for any. */
const probe = (port: number): number | null => {
  try {
    const listener = Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
    const bound = listener.port;
    listener.stop(true);
    return bound;
  } catch {
    return null;
  }
};

/** `preferred` when it is free (null or 0: no preference), else any free port. */
export const choosePort = (preferred: number | null): number => {
  const port = (preferred === null || preferred === 0 ? null : probe(preferred)) ?? probe(0);
  if (port === null) throw new CommandFailure("port_taken", "no free TCP port on 127.0.0.1");
  return port;
};

/** Throws `port_taken` when something else listens there. */
export const requirePort = (port: number): number => {
  if (port !== 0 && probe(port) === null) {
    throw new CommandFailure(
      "port_taken",
      `port ${port} of 127.0.0.1 is in use; choose another with --port N`,
    );
  }
  return choosePort(port);
};
