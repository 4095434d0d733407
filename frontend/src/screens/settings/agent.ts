/** A browser's name and system out of its `User-Agent`, as people know them. */
export function describeAgent(agent: string): string {
  const browser = (
    [
      [/Edg(?:e|A|iOS)?\//, "Edge"],
      [/OPR\//, "Opera"],
      [/Firefox\/|FxiOS\//, "Firefox"],
      [/HeadlessChrome\/|Chrome\/|CriOS\//, "Chrome"],
      [/Safari\//, "Safari"],
    ] as const
  ).find(([mark]) => mark.test(agent))?.[1];
  const system = (
    [
      [/iPhone/, "iPhone"],
      [/iPad/, "iPad"],
      [/Android/, "Android"],
      [/Windows/, "Windows"],
      [/Mac OS X|Macintosh/, "macOS"],
      [/CrOS/, "ChromeOS"],
      [/Linux/, "Linux"],
    ] as const
  ).find(([mark]) => mark.test(agent))?.[1];
  if (browser && system) return `${browser}, ${system}`;
  // Programs call themselves by name and version: "curl/8.9".
  return browser ?? system ?? agent.split(/[\s(]/)[0] ?? "";
}
