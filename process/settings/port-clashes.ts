/** One line for each port that two settings name. 0 is a different free port each time. */
export function portClashes(ports: readonly (readonly [setting: string, port: number])[]): string[] {
  const problems: string[] = [];
  const taken = new Map<number, string>();
  for (const [name, number] of ports) {
    const other = taken.get(number);
    if (other !== undefined) problems.push(`${other} and ${name}: must differ, got ${number} for both`);
    if (number !== 0) taken.set(number, name);
  }
  return problems;
}
