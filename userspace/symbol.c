// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a function begins in its file; see symbol.h.
 */
#include "symbol.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

DEFINE_CLEANUP(elf, Elf *, elf_end)

/* An address is where a segment of the file lies in memory. */
static int file_offset(Elf *elf, uint64_t address, uint64_t *ret_offset)
{
	size_t count;

	if (elf_getphdrnum(elf, &count))
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    address < header.p_vaddr || address - header.p_vaddr >= header.p_memsz)
			continue;
		*ret_offset = address - header.p_vaddr + header.p_offset;
		return 0;
	}
	return -EBADMSG;
}

static int find_in(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *function,
		   uint64_t *ret_offset)
{
	Elf_Data *data = elf_getdata(section, NULL);
	const size_t count = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; data && i < count; i++) {
		GElf_Sym symbol;
		const char *name;

		if (!gelf_getsym(data, (int)i, &symbol) || !symbol.st_value ||
		    GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name && !strcmp(name, function))
			return file_offset(elf, symbol.st_value, ret_offset);
	}
	return -ENOENT;
}

int cordon_symbol_offset(const char *path, const char *function, uint64_t *ret_offset)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf CLEANUP(elf) = NULL;
	Elf_Scn *section = NULL;

	if (fd < 0)
		return -errno;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -EBADMSG;
	elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		return -EBADMSG;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;

		if (gelf_getshdr(section, &header) && header.sh_type == SHT_DYNSYM)
			return find_in(elf, section, &header, function, ret_offset);
	}
	return -EBADMSG;
}
