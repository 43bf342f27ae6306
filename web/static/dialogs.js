// Questions, and what is shown over a screen. Never modal: nothing stands between a thumb and the stop.

const waiting = new WeakMap();

/** Open `dialog`; resolves to the value of the button that closed it, "" for Escape or when it is asked anew. */
export function asked(dialog) {
  waiting.get(dialog)?.(""); // another question of the same dialog is not answered by this one's button
  const before = document.activeElement;
  dialog.returnValue = "";
  dialog.show();
  return new Promise((answer) => {
    waiting.set(dialog, answer);
    dialog.onkeydown = (e) => e.key === "Escape" && dialog.close("");
    dialog.onclose = () => {
      answer(dialog.returnValue);
      before?.focus?.();
    };
  });
}
