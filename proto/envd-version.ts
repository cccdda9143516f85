/** The version of E2B's guest agent whose wire ours speaks; clients choose what they may ask by it. */
export const ENVD_VERSION = "0.6.13";
