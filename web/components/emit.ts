/** Tells whoever uses an element what happened in it. Stays on the element: it does not bubble. */
export const emit = (element: HTMLElement, name: string, detail?: unknown): void => {
  element.dispatchEvent(new CustomEvent(name, { detail }));
};
