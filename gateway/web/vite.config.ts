import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

// The library's style sheets bring fonts of 600 kB and pictures for backgrounds that this page does
// not show: the system's fonts and plain colours do.
const plain: Plugin = {
  name: 'plain',
  enforce: 'pre',
  transform(code, id) {
    if (!/\.css($|\?)/.test(id)) return undefined;
    return code
      .replace(/@font-face\s*{[^}]*}/g, '')
      .replace(/url\(["']?\.\/assets\/images\/[^)]*\)/g, 'none');
  },
};

// The licences of what is bundled ask that their text goes with it: /licenses.txt.
const notices: Plugin = {
  name: 'notices',
  generateBundle(_options, bundle) {
    const packages = new Set<string>();
    const bundled = Object.values(bundle).flatMap((chunk) =>
      chunk.type !== 'chunk'
        ? []
        : Object.entries(chunk.modules)
            .filter(([id, module]) => module.renderedLength > 0 || id.endsWith('.css'))
            .map(([id]) => id),
    );
    for (const id of bundled) {
      const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, '').replace(/\?.*$/, ''));
      if (found && existsSync(join(found[1]!, 'package.json'))) packages.add(found[1]!);
    }
    const texts = [...packages].sort().map((folder) => {
      const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
      const text = file ? readFileSync(join(folder, file), 'utf8').trim() : `Licence: ${about.license}`;
      return `${about.name} ${about.version} (${about.license})\n\n${text}\n`;
    });
    this.emitFile({
      type: 'asset',
      fileName: 'licenses.txt',
      source: `What the chat page of Dramatis holds of other people's work.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`,
    });
  },
};

export default defineConfig({
  plugins: [plain, react(), notices],
  build: {
    target: 'es2022',
    outDir: 'dist',
    // Everything that the page loads comes under its own name; CSP allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
  // For `npm run dev`: the API of a Dramatis that runs beside it.
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/docs': 'http://127.0.0.1:8080' } },
});
