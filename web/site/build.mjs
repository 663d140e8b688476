// Builds the site: one script, one style sheet, language files, pictures, and
// a compressed copy beside each text file for nginx's gzip_static.
//
// usage: node build.mjs --modules DIR --out DIR
//   --modules  folder whose node_modules/ holds the packages
//   --out      folder that is emptied and filled

import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { cp, mkdir, readFile, readdir, rename, rm, writeFile }
    from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

const here = path.dirname(fileURLToPath(import.meta.url));
const source = path.join(here, 'src');

const COMPRESSED = /\.(?:css|html|js|json|svg|txt|xml)$/;
const WORTH_COMPRESSING = 1024;


async function readLanguages() {
    const folder = path.join(source, 'languages');
    const names = (await readdir(folder)).filter((n) => n.endsWith('.json'));
    const files = new Map();

    for (const name of names.sort()) {
        const texts = JSON.parse(await readFile(path.join(folder, name)));
        files.set(name, JSON.stringify(texts));
    }

    return files;
}


async function bundle(modules, out, languageVersion) {
    const require = createRequire(path.join(path.resolve(modules), 'x.js'));
    const { build } = require('esbuild');

    const result = await build({
        absWorkingDir: here,
        entryPoints: { app: 'src/main.jsx', style: 'src/styles/index.css' },
        bundle: true,
        minify: true,
        metafile: true,
        format: 'iife',
        target: ['chrome100', 'firefox102', 'safari15.4'],
        outdir: out,
        entryNames: 'static/[name]-[hash]',
        assetNames: 'static/images/[name]-[hash]',
        publicPath: '/',
        loader: { '.svg': 'file' },
        jsx: 'automatic',
        jsxImportSource: 'preact',
        nodePaths: [path.join(path.resolve(modules), 'node_modules')],
        define: { LANGUAGE_VERSION: JSON.stringify(languageVersion) },
        legalComments: 'none',
        logLevel: 'warning',
    });

    const built = {};

    for (const [file, facts] of Object.entries(result.metafile.outputs)) {
        if (facts.entryPoint) {
            built[path.basename(facts.entryPoint)] =
                path.relative(out, path.resolve(here, file));
        }
    }

    return built;
}


async function compress(folder) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
        const file = path.join(folder, entry.name);

        if (entry.isDirectory()) {
            await compress(file);
            continue;
        }

        const bytes = await readFile(file);

        if (COMPRESSED.test(file) && bytes.length >= WORTH_COMPRESSING) {
            await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
        }
    }
}


async function main() {
    const { values } = parseArgs({
        options: {
            modules: { type: 'string', default: here },
            out: { type: 'string' },
        },
    });

    if (!values.out) {
        throw new Error('usage: build.mjs --modules DIR --out DIR');
    }

    // Built beside the target and moved there, so that a server never sees a
    // half-made site.
    const target = path.resolve(values.out);
    const out = `${target}.new`;

    await rm(out, { recursive: true, force: true });
    await mkdir(path.join(out, 'static', 'languages'), { recursive: true });
    await cp(path.join(here, 'public'), out, { recursive: true });

    const languages = await readLanguages();
    const version = createHash('sha256')
        .update([...languages.values()].join('\n'))
        .digest('hex').slice(0, 8);

    for (const [name, json] of languages) {
        await writeFile(path.join(out, 'static', 'languages', name), json);
    }

    const built = await bundle(values.modules, out, version);
    const page = await readFile(path.join(source, 'index.html'), 'utf8');

    await writeFile(path.join(out, 'index.html'), page
        .replace('{{script}}', `/${built['main.jsx']}`)
        .replace('{{style}}', `/${built['index.css']}`));
    await compress(out);

    await rm(target, { recursive: true, force: true });
    await rename(out, target);
}


main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
