/** Exit codes of the executable that others act on: the systemd unit and scripts. */

/** Starting again is no use before somebody has acted (EX_CONFIG of sysexits.h). */
export const EXIT_OPERATOR_NEEDED = 78;
