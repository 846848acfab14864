package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"time"
)

// keptName is the file in the data folder that keeps the maps which new ones have replaced, until these have been
// accepted.
const keptName = "maps-before.json"

// keptMaps are the contents of maps by path, nil for one that was not there.
type keptMaps map[string][]byte

// changesMaps says that the plan writes or removes a map.
func (p *Plan) changesMaps() bool {
	return len(p.group(Maps)) > 0 || len(p.Redirects.Removed) > 0
}

// commandsDue says that the commands are to be run: maps change in this run, or have in an earlier one that did
// not come to the end of the commands.
func (a *apply) commandsDue() bool {
	return len(a.options.AfterChange) > 0 && (a.before.Reload || a.plan.changesMaps())
}

// changeMaps puts the maps in place and has the web server read them, or puts the old ones back.
func (a *apply) changeMaps(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if a.plan.changesMaps() {
		if err := a.keepMaps(); err != nil {
			return err
		}
		if err := a.writeMaps(); err != nil {
			return errors.Join(err, a.putBack())
		}
	}
	if a.commandsDue() {
		return a.runCommands(ctx)
	}
	return a.dropKept()
}

// writeMaps writes the maps one after the other, and removes those that went out of use. It does not stop half way.
func (a *apply) writeMaps() error {
	always := context.Background()
	if err := a.removeOld(always, Redirects, true); err != nil {
		return err
	}
	for _, s := range a.plan.group(Maps) {
		entries, err := a.write(s)
		if err != nil {
			return err
		}
		a.settle(entries)
	}
	return a.removeOld(always, Redirects, false)
}

// runCommands runs the commands of after_change. The first decides about the maps.
func (a *apply) runCommands(ctx context.Context) error {
	for i, argv := range a.options.AfterChange {
		failed := a.command(ctx, argv)
		if failed != nil && i == 0 {
			kept, err := a.readKept()
			if err == nil && len(kept) > 0 {
				err = a.putBack()
				failed.PutBack = err == nil
			}
			return errors.Join(failed, err)
		}
		if failed != nil {
			return failed
		}
		if i == 0 {
			if err := a.dropKept(); err != nil {
				return err
			}
		}
	}
	return a.awaitReload(ctx)
}

// awaitReload gives the web server time before files go that its old maps refer to: "nginx -s reload" is over
// before the new workers are there.
func (a *apply) awaitReload(ctx context.Context) error {
	removes := slices.ContainsFunc(a.plan.remove, func(name string) bool {
		root, _ := splitName(name)
		return root == Public
	})
	if !removes {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(a.options.ReloadTime):
		return nil
	}
}

// keepMaps writes down the maps that the plan is about to change. What is kept already, from a run whose maps
// were never accepted, is older and stays.
func (a *apply) keepMaps() error {
	kept, err := a.readKept()
	if err != nil {
		return err
	}
	var names []string
	for _, s := range a.plan.group(Maps) {
		names = append(names, s.file.name())
	}
	for _, name := range slices.Concat(names, a.plan.remove) {
		root, file := splitName(name)
		if _, older := kept[file]; root != Redirects || older {
			continue
		}
		if kept[file], err = a.roots[Redirects].read(file); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(kept, "", " ")
	if err != nil {
		return fmt.Errorf("keep the old maps: %w", err)
	}
	if err := a.data.put(true, content{name: keptName, data: text}); err != nil {
		return fmt.Errorf("keep the old maps: %w", err)
	}
	return nil
}

// readKept reads the maps that are kept, none if there are none.
func (a *apply) readKept() (keptMaps, error) {
	kept := keptMaps{}
	text, err := a.data.root.ReadFile(keptName)
	if errors.Is(err, fs.ErrNotExist) {
		return kept, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return nil, a.data.failed("read the old maps from", keptName, err)
	}
	return kept, nil
}

// putBack makes the maps as they were when the web server last accepted them: those away that were not there,
// then those back that were.
func (a *apply) putBack() error {
	kept, err := a.readKept()
	if err != nil {
		return err
	}
	root := a.roots[Redirects]
	files := slices.Sorted(maps.Keys(kept))
	for _, file := range files {
		if kept[file] == nil {
			if err := root.remove(file); err != nil {
				return fmt.Errorf("put the old maps back: %w", err)
			}
			root.removeEmpty(file)
		}
	}
	for _, file := range files {
		if kept[file] != nil {
			if err := putFile(root, file, kept[file]); err != nil {
				return fmt.Errorf("put the old maps back: %w", err)
			}
		}
	}
	return a.dropKept()
}

// putFile puts one file in place, whatever its folder.
func putFile(root folder, file string, data []byte) error {
	dir, err := root.sub(path.Dir(file))
	if err != nil {
		return err
	}
	defer dir.root.Close()
	return dir.put(true, content{name: path.Base(file), data: data})
}

// dropKept forgets the maps that are kept.
func (a *apply) dropKept() error {
	if _, err := a.data.root.Lstat(keptName); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := a.data.remove(keptName); err != nil {
		return err
	}
	return a.data.sync()
}
