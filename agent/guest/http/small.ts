/**
 * Up to this size a file goes through in one piece and in one turn of the event loop: streams, other threads
 * and a second opening cost more than its bytes, above all where software emulates the machine.
 */
export const SMALL_BYTES = 64 * 1024;
