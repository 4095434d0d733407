// Runs before the first paint, so that a chosen theme never flashes in the other one.
try {
  const settings = JSON.parse(localStorage.getItem("chatapp.settings") || "{}");
  if (settings.theme === "light" || settings.theme === "dark") {
    document.documentElement.dataset.theme = settings.theme;
  }
} catch {
  // A storage that cannot be read means the system's theme.
}
