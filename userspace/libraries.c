// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the loader maps for a program; see libraries.h.  It looks where ld.so(8) does:
 * DT_RPATH and DT_RUNPATH, /etc/ld.so.cache, the default folders.
 */
#include "libraries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define CACHE_MAX (64UL << 20)
#define ORIGIN "$ORIGIN"

DEFINE_CLEANUP(elf, Elf *, elf_end)

/* glibc, sysdeps/generic/dl-cache.h: integers are the machine's */
struct cache_head {
	char magic[20]; /* with its version */
	uint32_t nr;
	uint32_t text_size;
	uint32_t unused[5];
};

struct cache_entry {
	int32_t flags;
	uint32_t name; /* from the beginning of the file */
	uint32_t path;
	uint32_t version;
	uint64_t processor;
};

/* struct search - @of: who needs it */
struct search {
	struct cordon_libraries *libraries;
	const char *of;
	bool found;
};

static int add(struct cordon_libraries *libraries, const char *path)
{
	char **added;

	for (size_t i = 0; i < libraries->nr; i++) {
		if (!strcmp(libraries->path[i], path))
			return 0;
	}
	added = array_push(libraries->path, libraries->nr);
	if (added)
		*added = strdup(path);
	if (added && *added)
		return 0;
	libraries->nr -= added != NULL;
	return -ENOMEM;
}

static int add_if_there(struct search *search, const char *path)
{
	const struct cordon_path file = cordon_path_root(search->libraries->context, path);

	if (access(file.text, R_OK))
		return 0;
	search->found = true;
	return add(search->libraries, path);
}

/* ---- where a name is looked for ----------------------------------------------------------- */

/* @folder: of @size bytes; in front of it $ORIGIN may stand for where @of is */
static int look_in_folder(struct search *search, const char *folder, int size, const char *name)
{
	const int origin = (int)(sizeof(ORIGIN) - 1);
	const char *slash = strrchr(search->of, '/');
	char path[512];

	if (size >= origin && !strncmp(folder, ORIGIN, (size_t)origin))
		snprintf(path, sizeof(path), "%.*s%.*s/%s", (int)(slash - search->of), search->of,
			 size - origin, folder + origin, name);
	else
		snprintf(path, sizeof(path), "%.*s/%s", size, folder, name);
	return path[0] == '/' ? add_if_there(search, path) : 0;
}

static int look_in_folders(struct search *search, const char *folders, const char *name)
{
	int error = 0;

	while (folders && *folders && !error) {
		const int size = (int)strcspn(folders, ":");

		error = look_in_folder(search, folders, size, name);
		folders += size;
		folders += *folders == ':';
	}
	return error;
}

static void read_cache(struct cordon_libraries *libraries)
{
	const struct cordon_path path = cordon_path_root(libraries->context, "/etc/ld.so.cache");
	struct cordon_file file;

	if (libraries->cache || cordon_file_read(path.text, CACHE_MAX, &file))
		return;
	libraries->cache = file.text;
	libraries->cache_size = file.size;
}

/* A text of the cache; behind the last of its bytes stands a NUL */
static const char *cache_text(const struct cordon_libraries *libraries, uint32_t at)
{
	return at < libraries->cache_size ? libraries->cache + at : "";
}

static int look_in_cache(struct search *search, const char *name)
{
	const struct cordon_libraries *libraries = search->libraries;
	struct cache_entry entry;
	struct cache_head head;
	int error = 0;

	if (libraries->cache_size < sizeof(head))
		return 0;
	memcpy(&head, libraries->cache, sizeof(head));
	if (memcmp(head.magic, "glibc-ld.so.cache1.1", sizeof(head.magic)) != 0 ||
	    head.nr > (libraries->cache_size - sizeof(head)) / sizeof(entry))
		return 0;
	for (uint32_t i = 0; i < head.nr && !error; i++) {
		memcpy(&entry, libraries->cache + sizeof(head) + i * sizeof(entry), sizeof(entry));
		if (!strcmp(cache_text(libraries, entry.name), name))
			error = add_if_there(search, cache_text(libraries, entry.path));
	}
	return error;
}

/* @folders: what the one who needs it says, or NULL */
static int look_for(struct search *search, const char *folders, const char *name)
{
	int error;

	if (strchr(name, '/'))
		return name[0] == '/' ? add_if_there(search, name) : 0;
	error = look_in_folders(search, folders, name);
	if (!error)
		error = look_in_cache(search, name);
	if (error || search->found)
		return error;
	return look_in_folders(search, "/lib:/usr/lib:/lib64:/usr/lib64:/usr/local/lib", name);
}

/* ---- what a file needs -------------------------------------------------------------------- */

static int add_loader(Elf *elf, struct search *search)
{
	size_t count, size;
	const char *bytes = elf_rawfile(elf, &size);

	if (elf_getphdrnum(elf, &count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP && bytes &&
		    header.p_offset < size && header.p_filesz <= size - header.p_offset &&
		    memchr(bytes + header.p_offset, '\0', header.p_filesz))
			return look_for(search, NULL, bytes + header.p_offset);
	}
	return 0;
}

static const char *text_of(Elf *elf, const GElf_Shdr *header, Elf_Data *data, int64_t tag)
{
	GElf_Dyn entry;

	for (int i = 0; gelf_getdyn(data, i, &entry); i++) {
		if (entry.d_tag == tag)
			return elf_strptr(elf, header->sh_link, entry.d_un.d_val);
	}
	return NULL;
}

static int add_needed(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct search *search)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const char *folders = data ? text_of(elf, header, data, DT_RUNPATH) : NULL;
	GElf_Dyn entry;
	int error = 0;

	if (data && !folders)
		folders = text_of(elf, header, data, DT_RPATH);
	for (int i = 0; data && !error && gelf_getdyn(data, i, &entry); i++) {
		const char *name = entry.d_tag != DT_NEEDED ?
					   NULL :
					   elf_strptr(elf, header->sh_link, entry.d_un.d_val);

		search->found = false;
		error = name ? look_for(search, folders, name) : 0;
	}
	return error;
}

static int add_what_needs(struct cordon_libraries *libraries, const char *path)
{
	const struct cordon_path file = cordon_path_root(libraries->context, path);
	const int fd CLEANUP(close) = open(file.text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct search search = { .libraries = libraries, .of = path };
	Elf *elf CLEANUP(elf) = NULL;
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	int error;

	if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE)
		return 0;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return 0;
	error = add_loader(elf, &search);
	while (!error && (section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNAMIC)
			error = add_needed(elf, section, &header, &search);
	}
	return error;
}

int cordon_libraries_add(struct cordon_libraries *libraries, const char *path)
{
	size_t next = libraries->nr;
	int error;

	read_cache(libraries);
	error = add_what_needs(libraries, path);
	for (; next < libraries->nr && !error; next++)
		error = add_what_needs(libraries, libraries->path[next]);
	return error;
}

static int list_one(struct cordon_libraries *libraries, const char *path)
{
	const int error = add(libraries, path);

	return error ? error : cordon_libraries_add(libraries, path);
}

int cordon_libraries_list(struct cordon_libraries *libraries, const char *path)
{
	const struct cordon_path file = cordon_path_root(libraries->context, path);
	DIR *folder CLEANUP(folder) = opendir(file.text);
	const struct dirent *entry;
	char inside[512];
	int error = 0;

	if (!folder)
		return list_one(libraries, path);
	while (!error && (entry = readdir(folder))) {
		if (entry->d_type == DT_DIR || snprintf(inside, sizeof(inside), "%s/%s", path,
							entry->d_name) >= (int)sizeof(inside))
			continue;
		error = list_one(libraries, inside);
	}
	return error;
}

void cordon_libraries_clear(struct cordon_libraries *libraries)
{
	for (size_t i = 0; i < libraries->nr; i++)
		free(libraries->path[i]);
	free(libraries->path);
	free(libraries->cache);
	*libraries = (struct cordon_libraries){ .context = libraries->context };
}
