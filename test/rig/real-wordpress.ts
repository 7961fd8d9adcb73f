import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";
import { HIDDEN, PASSWORD, READER, type WordPressSite } from "./wordpress-site.ts";

/** Where Debian's package has it. */
const WORDPRESS = "/usr/share/wordpress";

/** The first thing that is missing on this machine; undefined: nothing is. */
export function missingForWordPress(): string | undefined {
  for (const program of ["php", "mariadbd", "mariadb-install-db"])
    if (spawnSync(program, ["--version"]).error !== undefined) return `${program} on PATH`;
  const extensions = spawnSync("php", ["-m"], { encoding: "utf8" }).stdout;
  if (!extensions.includes("mysqli")) return "the extension mysqli of php";
  if (!existsSync(WORDPRESS)) return `WordPress in ${WORDPRESS}`;
  return globSync(`${WORDPRESS}/wp-content/themes/*/style.css`).length === 0
    ? "a theme of WordPress"
    : undefined;
}

const config = (socket: string) => `<?php
define('DB_NAME', 'wp'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:${socket}');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
  define($name . '_KEY', "key of $name"); define($name . '_SALT', "salt of $name");
}
$table_prefix = 'wp_';
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_HOME', 'http://' . $_SERVER['HTTP_HOST']); define('WP_SITEURL', WP_HOME);
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
`;

const install = (host: string) => `<?php
$_SERVER['HTTP_HOST'] = '${host}'; $_SERVER['REQUEST_URI'] = '/';
define('WP_INSTALLING', true);
function wp_mail() { return true; }
require __DIR__ . '/wp-config.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Shop', 'admin', 'admin@example.org', true, '', 'admin-pass-1');
update_option('permalink_structure', '/%postname%/');
update_option('comment_moderation', '1');
flush_rewrite_rules(false);
wp_insert_post(['post_title' => 'Secret', 'post_name' => 'secret', 'post_type' => 'page', 'post_status' => 'publish',
  'post_content' => '${HIDDEN}', 'post_password' => '${PASSWORD}']);
wp_create_user('${READER.log}', '${READER.pwd}', '${READER.email}');
`;

/** A careless server: it decodes, and runs the program that a path begins with. */
const ROUTER = `<?php
ob_start(function ($body) { header('Content-Length: ' . strlen($body)); return $body; });
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$begin = preg_match('~^(.*?\\.php)(?:/|$)~', $path, $found) ? $found[1] : $path;
$file = realpath(__DIR__ . $begin);
if ($file !== false && is_dir($file) && $begin !== '/') $file = realpath($file . '/index.php');
if ($file !== false && is_file($file) && $begin !== '/') {
  if (!str_ends_with($file, '.php')) { ob_end_clean(); return false; }
  $_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = substr($file, strlen(__DIR__));
  chdir(dirname($file)); require $file; return;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
chdir(__DIR__); require __DIR__ . '/index.php';
`;

/** WordPress as Debian has it, with a database of its own, on free ports of this machine. */
export async function startRealWordPress(): Promise<WordPressSite> {
  const folder = mkdtempSync(join(tmpdir(), "edgecache-wordpress-"));
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of children.reverse()) {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const socket = join(folder, "db.sock");
    children.push(await startDatabase(join(folder, "db"), socket));
    const root = join(folder, "site");
    cpSync(WORDPRESS, root, { recursive: true, dereference: true, filter: existsSync });
    const port = await freePort();
    writeFileSync(join(root, "wp-config.php"), config(socket));
    writeFileSync(join(root, "install.php"), install(`127.0.0.1:${port}`));
    writeFileSync(join(root, "router.php"), ROUTER);
    const made = spawnSync("php", [join(root, "install.php")], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`WordPress was not installed: ${made.stdout}${made.stderr}`);
    const php = spawn("php", ["-S", `127.0.0.1:${port}`, "-t", root, join(root, "router.php")]);
    children.push(php);
    for await (const line of createInterface({ input: php.stderr })) if (line.includes("started")) break;
    php.stderr.resume();
    return { url: new URL(`http://127.0.0.1:${port}`), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function startDatabase(data: string, socket: string): Promise<ChildProcess> {
  const user = `--user=${userInfo().username}`;
  const made = spawnSync(
    "mariadb-install-db",
    [
      "--no-defaults",
      user,
      `--datadir=${data}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
    ],
    { encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(`the database was not made: ${made.stderr}`);
  const options = ["--skip-networking", "--skip-log-bin", "--innodb-buffer-pool-size=32M"];
  const server = spawn(
    "mariadbd",
    ["--no-defaults", user, `--datadir=${data}`, `--socket=${socket}`, ...options],
    {
      stdio: "ignore",
    },
  );
  const query = [
    "-r",
    `mysqli_report(0); exit((new mysqli('localhost', 'root', '', '', 0, '${socket}'))->query('create database wp') ? 0 : 1);`,
  ];
  await until("the database takes queries", () => existsSync(socket) && spawnSync("php", query).status === 0);
  return server;
}
