'use strict';

/*
 * kubernetes.js FILE...
 *
 * Reads Kubernetes' objects from files of YAML, as kubectl does, and compares
 * each with Kubernetes' own schema.  Prints a JSON object: "objects", in order,
 * and "complaints", which are lines.
 */

const fs = require('fs');
const YAML = require('yaml');

const complaints = [];


/* the group's name without what all of Kubernetes' own end with, if any */

function model(apiVersion, kind) {
    const path = `kubernetes-models/${apiVersion}`;

    try {
        return require(path)[kind];

    } catch (error) {
        if (error.code !== 'MODULE_NOT_FOUND'
            && error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED')
        {
            throw error;
        }
    }
}


/*
 * The schema takes any name, where the server refuses one that it does not
 * know: those that the validator never looks at are not of the schema.
 */

function watch(value, seen, path) {
    if (typeof value !== 'object' || value === null) {
        return value;
    }

    return new Proxy(value, {
        get(target, name) {
            const at = `${path}/${String(name)}`;

            seen.add(at);
            return watch(target[name], seen, at);
        },
    });
}


function unseen(value, seen, path) {
    return Object.keys(value).flatMap((name) => {
        const at = `${path}/${name}`;

        if (!seen.has(at)) {
            return [at];
        }

        return typeof value[name] === 'object' && value[name] !== null
               ? unseen(value[name], seen, at) : [];
    });
}


function check(object, file) {
    const where = `${file}: ${object.kind}`;
    const Model = model(object.apiVersion, object.kind);

    if (!Model) {
        complaints.push(`${where}: not an object of ${object.apiVersion}`);
        return;
    }

    const seen = new Set();

    try {
        Model.prototype.validate.call(watch(object, seen, ''));

    } catch (error) {
        complaints.push(`${where}: ${error.message}`);
        return;
    }

    complaints.push(...unseen(object, seen, '')
                       .map((at) => `${where}: ${at}: no such field`));
}


/* kubectl reads YAML 1.1, in which 0440 is octal */

function read(file) {
    const documents = YAML.parseAllDocuments(fs.readFileSync(file, 'utf8'),
                                             { version: '1.1' });

    return documents.map((document) => {
        complaints.push(...[...document.errors, ...document.warnings]
                           .map((error) => `${file}: ${error.message}`));
        return document.toJS();
    });
}


const objects = process.argv.slice(2).flatMap((file) => {
    const here = read(file);

    /* kustomize's file is its own, and an adapter's no object */
    here.filter((object) => object.apiVersion
                          && object.kind !== 'Kustomization')
        .forEach((object) => check(object, file));
    return here;
});

console.log(JSON.stringify({ objects, complaints }));
