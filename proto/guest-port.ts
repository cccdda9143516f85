/** Where the guest agent listens in every sandbox, for the host's agent and the server alike. */
export const GUEST_PORT = 49983;
