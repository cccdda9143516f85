/** Text into the clipboard, also where the page came over plain HTTP from another machine. */

/** Browsers keep the real clipboard for secure pages; the old way works everywhere. */
const copyTheOldWay = (text: string): boolean => {
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.setProperty("position", "fixed");
  area.style.setProperty("opacity", "0");
  // In an open dialog nothing outside of it can be selected.
  const parent = document.querySelector("dialog[open]") ?? document.body;
  parent.append(area);
  const focused = document.activeElement;
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return copied;
};

/** Whether it worked. */
export const copyText = async (text: string): Promise<boolean> => {
  if (!isSecureContext) return copyTheOldWay(text);
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => copyTheOldWay(text),
  );
};
