// What stays in this browser between visits. Never a key, never a figure.

export function recall(name, otherwise = null) {
  try {
    const text = localStorage.getItem("easel." + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem("easel." + name);
    else localStorage.setItem("easel." + name, JSON.stringify(value));
  } catch {
    // Without storage a choice lasts as long as the page.
  }
}

/** The theme is kept as a bare word, because theme.js reads it before anything else runs. */
export function chosenTheme() {
  try {
    const word = localStorage.getItem("easel.theme");
    return word === "light" || word === "dark" ? word : "system";
  } catch {
    return document.documentElement.dataset.theme ?? "system";
  }
}

export function chooseTheme(word) {
  if (word === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = word;
  try {
    if (word === "system") localStorage.removeItem("easel.theme");
    else localStorage.setItem("easel.theme", word);
  } catch {
    // The same.
  }
  document.dispatchEvent(new CustomEvent("easel:theme"));
}
