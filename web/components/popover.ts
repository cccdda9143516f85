/** Where a list that opens beside its button goes: below it or above, inside the window. */

const GAP_PX = 6;
const EDGE_PX = 8;

/** Places a shown popover at its anchor; aligned with its start, or its end where that does not fit. */
export const placeAt = (popover: HTMLElement, anchor: HTMLElement, { alignEnd = false } = {}): void => {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const wanted = alignEnd ? box.right - width : box.left;
  const left = Math.max(EDGE_PX, Math.min(wanted, innerWidth - width - EDGE_PX));
  const below = box.bottom + GAP_PX;
  const fitsBelow = below + height <= innerHeight - EDGE_PX || box.top < height + GAP_PX;
  const top = fitsBelow ? below : box.top - height - GAP_PX;
  popover.style.setProperty("left", `${left}px`);
  popover.style.setProperty("top", `${top}px`);
  const room = fitsBelow ? innerHeight - below : box.top;
  popover.style.setProperty("max-height", `${room - EDGE_PX}px`);
};
