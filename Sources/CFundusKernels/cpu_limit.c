// How many processors a container lets its processes use: the quota of Linux control groups, versions 1
// and 2, which the affinity mask does not show.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fk_threads.h"

/* Processors of one group, rounded up; 0 for no limit. */
static int group_limit(const char *root, const char *base, const char *group, int is_version_2) {
  char path[4096];
  long long quota = -1, period = 0;
  snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/%s", root, base, group,
           is_version_2 ? "cpu.max" : "cpu.cfs_quota_us");
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  int count = is_version_2 ? fscanf(file, "%lld %lld", &quota, &period) : fscanf(file, "%lld", &quota);
  fclose(file);
  if (!is_version_2 && count == 1) {
    snprintf(path, sizeof path, "%s/sys/fs/cgroup%s%s/cpu.cfs_period_us", root, base, group);
    file = fopen(path, "r");
    if (!file) return 0;
    count += fscanf(file, "%lld", &period);
    fclose(file);
  }
  if (count != 2 || quota <= 0 || period <= 0) return 0;
  long long processors = quota / period + (quota % period != 0);
  return processors > 1 << 20 ? 1 << 20 : (int)processors;
}

static int smaller_limit(int a, int b) { return a == 0 || (b > 0 && b < a) ? b : a; }

/* The smallest limit of a group and of all groups around it. */
static int nested_limit(const char *root, const char *base, char *group, int is_version_2) {
  int limit = 0;
  for (;;) {
    limit = smaller_limit(limit, group_limit(root, base, group, is_version_2));
    char *slash = strrchr(group, '/');
    if (!slash) return limit;
    *slash = 0;
  }
}

int fk_cpu_limit(const char *root) {
  char path[4096], line[4096];
  int limit = 0;
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  // Each line is "number:controllers:/group"; version 2 has no controllers.
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group) continue;
    *group++ = 0;
    ++controllers;
    if (*controllers == 0) {
      limit = smaller_limit(limit, nested_limit(root, "", group, 1));
      continue;
    }
    for (char *name = strtok(controllers, ","); name; name = strtok(NULL, ","))
      if (strcmp(name, "cpu") == 0)
        limit = smaller_limit(limit, nested_limit(root, "/cpu", group, 0));
  }
  fclose(file);
  return limit;
}
