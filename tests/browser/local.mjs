// The local runner as a process, and its API as a client uses it.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const START_MS = 30_000;
const CHARGE_MS = 30_000;
const ASK_AGAIN_MS = 200;

export async function startLocal(root) {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const program = join(target, 'debug', 'quita-local');
  if (!existsSync(program)) throw new Error(`${program} is not there; run \`cargo build\` first`);
  const data = mkdtempSync(join(tmpdir(), 'quita-browser-'));
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(program, ['--port', '0', '--data', data, '--json'], { stdio });
  const line = await firstLine(child);
  return new Local(child, data, JSON.parse(line));
}

function firstLine(child) {
  return new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error('the runner did not start')), START_MS);
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(late);
      found(line);
    });
    child.once('exit', (code) => failed(new Error(`the runner ended with ${code}`)));
  });
}

class Local {
  #child;
  #data;
  #key;
  #calls = 0;

  constructor(child, data, { api, api_key: key }) {
    this.#child = child;
    this.#data = data;
    this.#key = key;
    this.url = api;
  }

  async call(method, path, body) {
    this.#calls += 1;
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        'content-type': 'application/json',
        'idempotency-key': `browser-${this.#calls}`,
      },
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(json)}`);
    return json;
  }

  customer(fields = {}) {
    return this.call('POST', '/v1/customers', {
      name: 'Padaria São João Ltda',
      document: '11.444.777/0001-61',
      emails: ['contas@padaria.example.com'],
      ...fields,
    });
  }

  /** An invoice whose charges the bank has taken. */
  async invoice(fields) {
    const terms = {
      late_fee: { type: 'percent', value: '2.00' },
      interest: { type: 'percent_per_month', value: '1.00' },
    };
    const { id } = await this.call('POST', '/v1/invoices', { ...terms, ...fields });
    const charged = ({ charge }) => charge.status === 'active';
    return this.until(id, ({ instalments }) => instalments.every(charged));
  }

  /** The invoice once it is as wanted. */
  async until(id, wanted) {
    const end = Date.now() + CHARGE_MS;
    for (;;) {
      const invoice = await this.call('GET', `/v1/invoices/${id}`);
      if (wanted(invoice)) return invoice;
      if (Date.now() > end) throw new Error(`waited in vain: ${JSON.stringify(invoice)}`);
      await new Promise((next) => setTimeout(next, ASK_AGAIN_MS));
    }
  }

  async stop() {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) {
      const ended = new Promise((end) => this.#child.once('exit', end));
      this.#child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** A day so many days from today, as the bank counts them. */
export function dayFromToday(days) {
  const day = new Date(Date.now() + days * 86_400_000);
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'America/Sao_Paulo' }).format(day);
}
