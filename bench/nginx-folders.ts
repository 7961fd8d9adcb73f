/** Where an nginx keeps what it would put into folders of the system: lines of its http block. */
export function nginxFolders(folder: string): string {
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return kinds.map((kind) => `  ${kind}_temp_path ${folder}/${kind};`).join("\n");
}
